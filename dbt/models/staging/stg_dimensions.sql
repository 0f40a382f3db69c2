with

source_dimensions as (
    select * from {{ source('scores', 'dimension') }}
),

renamed as (
    select
        dimensions_version,
        dimension,
        domain,
        title_en,
        title_zh
    from source_dimensions
)

select * from renamed

with

source_dimension_values as (
    select * from {{ source('scores', 'dimension_value') }}
),

renamed as (
    select
        enterprise_id,
        dimension,
        dimensions_version,
        peer_group,
        dimension_value,
        overall_value,
        present_ratio,
        as_of_date
    from source_dimension_values
)

select * from renamed

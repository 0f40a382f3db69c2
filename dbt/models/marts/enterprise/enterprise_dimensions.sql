with

dimension_values as (
    select * from {{ ref('stg_dimension_values') }}
    where as_of_date <= {{ as_of_date() }}
),

dimensions as (
    select * from {{ ref('stg_dimensions') }}
),

previous_dates as (
    select max(as_of_date) as as_of_date from dimension_values
    where as_of_date < {{ as_of_date() }}
),

previous_values as (
    select
        dimension_values.enterprise_id,
        dimension_values.dimension,
        dimension_values.dimension_value,
        dimension_values.as_of_date
    from dimension_values
    inner join previous_dates
        on dimension_values.as_of_date = previous_dates.as_of_date
),

enterprise_dimensions as (
    select
        dimension_values.as_of_date,
        dimension_values.enterprise_id,
        dimension_values.dimension,
        dimensions.domain,
        dimensions.title_en,
        dimensions.title_zh,
        dimension_values.peer_group,
        dimension_values.dimension_value,
        dimension_values.overall_value,
        previous_values.dimension_value as previous_dimension_value,
        dimension_values.dimension_value - previous_values.dimension_value
            as dimension_value_change,
        dimension_values.present_ratio,
        previous_values.as_of_date as previous_as_of_date
    from dimension_values
    -- Left joins: a value without a name must show, for a test to find it.
    left join dimensions
        on
            dimension_values.dimensions_version = dimensions.dimensions_version
            and dimension_values.dimension = dimensions.dimension
    left join previous_values
        on
            dimension_values.enterprise_id = previous_values.enterprise_id
            and dimension_values.dimension = previous_values.dimension
    where dimension_values.as_of_date = {{ as_of_date() }}
)

select * from enterprise_dimensions

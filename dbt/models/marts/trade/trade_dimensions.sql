with

enterprise_dimensions as (
    select * from {{ ref('enterprise_dimensions') }}
    where as_of_date = {{ as_of_date() }}
),

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

previous_dimensions as (
    select * from {{ ref('stg_dimension_values') }}
),

previous_overall as (
    select
        enterprise_dimensions.enterprise_id,
        enterprise_dimensions.dimension,
        previous_dimensions.overall_value
    from enterprise_dimensions
    inner join previous_dimensions
        on
            enterprise_dimensions.enterprise_id
            = previous_dimensions.enterprise_id
            and enterprise_dimensions.dimension = previous_dimensions.dimension
            and enterprise_dimensions.previous_as_of_date
            = previous_dimensions.as_of_date
),

of_trades as (
    select
        coalesce(watch_list.trade, 'unknown') as trade,
        enterprise_dimensions.dimension,
        enterprise_dimensions.title_en,
        enterprise_dimensions.title_zh,
        enterprise_dimensions.overall_value,
        previous_overall.overall_value as previous_overall_value
    from enterprise_dimensions
    left join watch_list
        on enterprise_dimensions.enterprise_id = watch_list.enterprise_id
    left join previous_overall
        on
            enterprise_dimensions.enterprise_id = previous_overall.enterprise_id
            and enterprise_dimensions.dimension = previous_overall.dimension
),

trade_dimensions as (
    select
        {{ as_of_date() }} as as_of_date,
        trade,
        dimension,
        max(title_en) as title_en,
        max(title_zh) as title_zh,
        count(overall_value) as enterprise_count,
        percentile(overall_value, 0.25) as lower_quartile_value,
        percentile(overall_value, 0.5) as median_value,
        percentile(overall_value, 0.75) as upper_quartile_value,
        percentile(overall_value, 0.5) - percentile(previous_overall_value, 0.5)
            as median_value_change
    from of_trades
    group by trade, dimension
)

select * from trade_dimensions

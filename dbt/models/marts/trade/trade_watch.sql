with

watch_list as (
    select * from {{ ref('stg_watch_list') }}
    where as_of_date = {{ as_of_date() }}
),

trades as (
    select
        coalesce(trade, 'unknown') as trade,
        count(*) as enterprise_count,
        count_if(status = 'watch') as watched_count,
        count_if(status = 'escalated') as escalated_count,
        count_if(status != 'none' and previous_status = 'none') as came_count,
        count_if(status = 'none' and previous_status != 'none') as left_count,
        count_if(status = 'escalated' and previous_status = 'watch')
            as rose_count,
        count_if(status = 'watch' and previous_status = 'escalated')
            as fell_count,
        -- Rounded, because a mean of doubles depends on the order of its parts.
        round(avg(weight_points), 9) as mean_weight_points,
        max(previous_as_of_date) as previous_as_of_date
    from watch_list
    group by coalesce(trade, 'unknown')
),

trade_watch as (
    select
        {{ as_of_date() }} as as_of_date,
        trade,
        enterprise_count,
        watched_count,
        escalated_count,
        came_count,
        left_count,
        rose_count,
        fell_count,
        (watched_count + escalated_count) / enterprise_count as listed_ratio,
        mean_weight_points,
        previous_as_of_date
    from trades
)

select * from trade_watch

{#- The sum of a column over the rows of a group; null where one of them has no value, since what
    is missing is not zero. -#}
{% macro complete_sum(column) -%}
    case when count({{ column }}) = count(*) then sum({{ column }}) end
{%- endmacro %}


{#- The business day on which an instant falls. -#}
{% macro business_day(instant) -%}
    date(from_utc_timestamp({{ instant }}, '{{ var("time_zone") }}'))
{%- endmacro %}


{#- The instant at which a business day begins. -#}
{% macro day_begins_at(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("time_zone") }}')
{%- endmacro %}


{#- Whether a day is one of the last so many that end with the as-of date. -#}
{% macro is_in_last_days(day, count) -%}
    {{ day }} between date_sub({{ as_of_date() }}, {{ count - 1 }}) and {{ as_of_date() }}
{%- endmacro %}


{#- The rows of days, each once as a day by itself and once in each longer period that it is in. -#}
{% macro in_periods(days, date_column) -%}
    select
        {{ days }}.*,
        period_lengths.period_days,
        if(
            period_lengths.period_days = 1,
            {{ days }}.{{ date_column }},
            {{ as_of_date() }}
        ) as last_date
    from {{ days }}
    cross join (select explode(array(1, 7, 28)) as period_days) as period_lengths
    where
        {{ days }}.{{ date_column }} between
        date_sub(
            {{ as_of_date() }},
            if(period_lengths.period_days = 7, 6, 27)
        )
        and {{ as_of_date() }}
{%- endmacro %}


{#- A Chinese firm's name without what clerks write in different ways: blanks, brackets, the word for
    city, the legal form, and where in the name the place stands. Two spellings of a firm agree. -#}
{% macro name_signs(name) -%}
    array_join(
        array_sort(
            split(
                regexp_replace(
                    {{ name }}, '市|股份有限公司|有限责任公司|有限公司|公司|[ ()（）]', ''
                ), ''
            )
        ), ''
    )
{%- endmacro %}

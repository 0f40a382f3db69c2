{#- The as-of date of the run, as a SQL literal. -#}
{% macro as_of_date() -%}
    date'{{ var("as_of_date") }}'
{%- endmacro %}


{#- The instant at which the as-of date ends in the business zone. -#}
{% macro as_of_end() -%}
    timestamp'{{ var("as_of_end") }}'
{%- endmacro %}


{#- Whether a row of silver stood at the end of the as-of date, as it was known then. -#}
{% macro stood_by_then() -%}
    known_at <= {{ as_of_end() }} and (superseded_at is null or superseded_at > {{ as_of_end() }})
{%- endmacro %}

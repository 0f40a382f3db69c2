{#- The as-of date of the run, as a SQL literal. -#}
{% macro as_of_date() -%}
    date'{{ var("as_of_date") }}'
{%- endmacro %}


{#- The instant at which the as-of date ends in the business zone. -#}
{% macro as_of_end() -%}
    timestamp'{{ var("as_of_end") }}'
{%- endmacro %}

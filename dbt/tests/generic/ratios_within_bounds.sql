{#- Fails for rows with a ratio outside 0 to 1; a ratio may be null. -#}
{% test ratios_within_bounds(model, columns) %}
select *
from {{ model }}
where
    {% for column in columns -%}
        not {{ column }} between 0 and 1{{ '' if loop.last else ' or ' }}
    {%- endfor %}
{% endtest %}

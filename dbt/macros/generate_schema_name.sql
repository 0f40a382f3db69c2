{#- The schema is the name that dbt_project.yml gives, not the target's name with it appended. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

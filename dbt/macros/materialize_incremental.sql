{#-
    Incremental here means: the rows of the as-of date take the place of that date's rows, in one
    Delta commit, and other dates stay as they are.

    This stands in for the adapter's own materialization because that one
    - leaves yesterday's rows of a date in place when the date has none any more, since a dynamic
      partition overwrite only touches partitions for which it has rows;
    - checks a contract only when it creates the table, never on a later run;
    - sets NOT NULL with one Delta commit a column, and writes no column comments.
    A full refresh does the same as any run: it must not drop the other dates.
-#}
{% materialization incremental, adapter='spark' %}
    {%- set mart = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks) }}
    {% do get_assert_columns_equivalent(compiled_code) %}
    {% do assert_table_has_contract_columns(load_relation(this)) %}

    {% call statement('create_table') %}
        create table if not exists {{ mart }} ({{ contract_columns() }})
        using delta
        partitioned by ({{ config.require('partition_by') }})
        comment '{{ escape_single_quotes(model.description) }}'
    {% endcall %}

    {% call statement('main') %}
        insert into {{ mart }}
        replace where {{ config.require('partition_by') }} = {{ as_of_date() }}
        select {{ model.columns.keys() | join(', ') }}
        from ({{ compiled_code }})
    {% endcall %}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [mart]}) }}
{% endmaterialization %}


{#- The columns of the model's contract as Spark SQL declares them. -#}
{% macro contract_columns() -%}
    {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}
        {%- if column.constraints | selectattr('type', 'equalto', 'not_null') | list %} not null
        {%- endif %} comment '{{ escape_single_quotes(column.description) }}'
        {%- if not loop.last %}, {% endif %}
    {%- endfor %}
{%- endmacro %}


{#- Stop where an older contract made the table, before a row of it is touched. -#}
{% macro assert_table_has_contract_columns(relation) %}
    {%- if relation is not none -%}
        {%- set existing = [] -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do existing.append(column.name ~ ' ' ~ column.dtype) -%}
        {%- endfor -%}
        {%- set declared = [] -%}
        {%- for column in model.columns.values() -%}
            {%- do declared.append(column.name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        {%- if existing | sort != declared | sort -%}
            {%- do exceptions.raise_compiler_error(
                "The contract of " ~ relation ~ " has changed since its table was made. Drop the "
                ~ "table and run the marts again for each of its dates. The table has "
                ~ existing | sort | join(", ") ~ "; the contract says "
                ~ declared | sort | join(", ") ~ "."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

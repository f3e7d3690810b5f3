{# Spark tables have neither UPDATE nor ON CONFLICT: the table, which is small, is rewritten. #}
{% macro spark__record_results(tests, rows) -%}
    {%- set query -%}
        select
            {%- for column in ['test_name', 'kind', 'model', 'description'] %}
            coalesce(listed.{{ column }}, ended.{{ column }}) as {{ column }},
            {%- endfor %}
            coalesce(ended.status, listed.status) as status
        from {{ tests }} as listed
        full join (
            {{ literal_rows(['test_name', 'kind', 'model', 'description', 'status'], rows) }}
        ) as ended
            on listed.test_name = ended.test_name
    {%- endset -%}
    {%- do spark__rewrite_table(tests, query) -%}
{%- endmacro %}

{% macro spark__set_columns(relation, values) -%}
    {%- set query -%}
        select
        {%- for column in adapter.get_columns_in_relation(relation) %}
            cast({{ values.get(column.name, column.name) }} as {{ column.dtype }}) as {{ column.name }}
            {{- ',' if not loop.last }}
        {%- endfor %}
        from {{ relation }}
    {%- endset -%}
    {%- do spark__rewrite_table(relation, query) -%}
{%- endmacro %}

{% macro spark__rewrite_table(relation, query) -%}
    {%- set new_relation = relation.incorporate(path={'identifier': relation.identifier ~ '__new'}) -%}
    {%- do run_query('drop table if exists ' ~ new_relation) -%}
    {%- do run_query('create table ' ~ new_relation ~ ' using parquet as ' ~ query) -%}
    {%- do run_query('drop table ' ~ relation) -%}
    {%- do run_query('alter table ' ~ new_relation ~ ' rename to ' ~ relation) -%}
{%- endmacro %}

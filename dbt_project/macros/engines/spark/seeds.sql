{#
    dbt-spark writes an empty cell of a seed as the text 'None', and does not translate column types ("text" is not a Spark
    type).
#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set sql -%}
        create table {{ this }} (
        {%- for column in agate_table.column_names %}
            {{ column }} {{ spark__seed_type(model, agate_table, loop.index0) }}{{ ',' if not loop.last }}
        {%- endfor %}
        ) using parquet
    {%- endset -%}
    {%- do run_query(sql) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set sql -%}
        insert into {{ this }}
        select
        {%- for column in agate_table.column_names %}
            cast({{ column }} as {{ spark__seed_type(model, agate_table, loop.index0) }}) as {{ column }}
            {{- ',' if not loop.last }}
        {%- endfor %}
        from ({{ literal_rows(agate_table.column_names, agate_table.rows) }}
        ) as seed
    {%- endset -%}
    {%- do run_query(sql) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__seed_type(model, agate_table, place) -%}
    {%- set declared = model.config.column_types.get(agate_table.column_names[place]) -%}
    {{ return(column_type(declared) if declared else adapter.convert_type(agate_table, place)) }}
{%- endmacro %}

{# Cast the columns of tables without a contract to the types of their yml: a sum of whole numbers has 128 bits on DuckDB. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {{ return(dbt.duckdb__create_table_as(
        temporary, relation, compiled_code if temporary else with_declared_types(compiled_code), language, **kwargs
    )) }}
{%- endmacro %}

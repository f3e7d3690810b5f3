{#
    Cast the columns of tables without a contract to the types of their yml: a sum of whole numbers is a numeric on
    PostgreSQL. Analyze at once, because the next model reads the table before autovacuum collects statistics.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ dbt.postgres__create_table_as(temporary, relation, sql if temporary else with_declared_types(sql)) }}
    analyze {{ relation }};
{%- endmacro %}

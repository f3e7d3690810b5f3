{#
    Give the columns of tables without a contract the types of their yml: a sum of whole numbers is a numeric here. The
    next model reads a table before the server has looked at it by itself, and would be planned blindly.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ dbt.postgres__create_table_as(temporary, relation, sql if temporary else with_declared_types(sql)) }}
    analyze {{ relation }};
{%- endmacro %}

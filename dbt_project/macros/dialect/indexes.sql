{# The statement that indexes columns of the model that it is a post-hook of. #}
{% macro create_index(name, columns, unique=false) -%}
    {{ return(adapter.dispatch('create_index', 'tillsight')(name, columns, unique)) }}
{%- endmacro %}

{% macro default__create_index(name, columns, unique) -%}
    create {{ 'unique ' if unique }}index {{ name }} on {{ this }} ({{ columns | join(', ') }})
{%- endmacro %}

{# The table before, which goes after the hooks, has an index of that name in the same schema. #}
{% macro postgres__create_index(name, columns, unique) -%}
    drop index if exists {{ this.schema }}.{{ name }};
    {{ default__create_index(name, columns, unique) }}
{%- endmacro %}

{# DuckDB keeps the least and the largest value of each part of a column, and would use an index for single rows alone. #}
{% macro duckdb__create_index(name, columns, unique) -%}
{%- endmacro %}

{# Spark has none: it reads whole columns, in parts and at once. #}
{% macro spark__create_index(name, columns, unique) -%}
{%- endmacro %}

{% macro sqlite__create_index(name, columns, unique) -%}
    create {{ 'unique ' if unique }}index if not exists {{ this.schema }}.{{ name }} on {{ this.identifier }} ({{ columns | join(', ') }})
{%- endmacro %}

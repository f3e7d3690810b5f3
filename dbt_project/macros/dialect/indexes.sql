{# Statement that creates an index on the current model, for use as a post-hook. #}
{% macro create_index(name, columns, unique=false) -%}
    {{ return(adapter.dispatch('create_index', 'tillsight')(name, columns, unique)) }}
{%- endmacro %}

{% macro default__create_index(name, columns, unique) -%}
    create {{ 'unique ' if unique }}index {{ name }} on {{ this }} ({{ columns | join(', ') }})
{%- endmacro %}

{# The previous table is dropped after the hooks; until then its index has the same name. #}
{% macro postgres__create_index(name, columns, unique) -%}
    drop index if exists {{ this.schema }}.{{ name }};
    {{ default__create_index(name, columns, unique) }}
{%- endmacro %}

{# DuckDB uses an index for single rows only; for ranges it has minimum and maximum of each row group. #}
{% macro duckdb__create_index(name, columns, unique) -%}
{%- endmacro %}

{# Spark has no indexes. #}
{% macro spark__create_index(name, columns, unique) -%}
{%- endmacro %}

{% macro sqlite__create_index(name, columns, unique) -%}
    create {{ 'unique ' if unique }}index if not exists {{ this.schema }}.{{ name }} on {{ this.identifier }} ({{ columns | join(', ') }})
{%- endmacro %}

{#
    Where a model lies: in the schema that it names (work, main), with no prefix of the target's. The marts lie in the
    schema of the target, which is main unless the profile builds them beside the published ones.
#}
{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name not in (none, 'main') else target.schema }}
{%- endmacro %}

{# On DuckDB a schema of ours is a file of its own, with its tables in that file's own schema, main. #}
{% macro duckdb__generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}

{% macro duckdb__generate_database_name(custom_database_name, node) -%}
    {%- set files = {'raw': 'raw', 'main': 'marts'} -%}
    {{ files.get(node.config.schema, target.database) }}
{%- endmacro %}

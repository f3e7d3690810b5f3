{#
    Schema of a model: the configured one (work, main) without the prefix that dbt adds. Marts go to the schema of the
    target, which is main unless the profile builds them beside the published release.
#}
{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name not in (none, 'main') else target.schema }}
{%- endmacro %}

{# On DuckDB each schema is a file of its own with its tables in the schema main. #}
{% macro duckdb__generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}

{% macro duckdb__generate_database_name(custom_database_name, node) -%}
    {%- set files = {'raw': 'raw', 'main': 'marts'} -%}
    {{ files.get(node.config.schema, target.database) }}
{%- endmacro %}

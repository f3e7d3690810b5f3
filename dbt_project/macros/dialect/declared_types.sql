{#
    The engine's name of a type in the yml: TEXT, INTEGER, REAL, DATE or DATETIME. On every engine INTEGER has 64 bits, REAL
    is a double and TEXT compares by bytes.
#}
{% macro column_type(declared) -%}
    {%- set types = adapter.dispatch('column_types', 'tillsight')() -%}
    {%- if declared | upper not in types -%}
        {%- do exceptions.raise_compiler_error(
            "model '" ~ model.name ~ "': type '" ~ declared ~ "' is not one of " ~ types.keys() | join(', ')
            ~ ". Change it in its yml."
        ) -%}
    {%- endif -%}
    {{ return(types[declared | upper]) }}
{%- endmacro %}

{% macro default__column_types() -%}
    {{ return({'TEXT': 'varchar', 'INTEGER': 'bigint', 'REAL': 'double', 'DATE': 'date', 'DATETIME': 'timestamp'}) }}
{%- endmacro %}

{% macro postgres__column_types() -%}
    {{ return({
        'TEXT': 'text collate "C"', 'INTEGER': 'bigint', 'REAL': 'double precision', 'DATE': 'date',
        'DATETIME': 'timestamp without time zone',
    }) }}
{%- endmacro %}

{% macro spark__column_types() -%}
    {{ return({
        'TEXT': 'string', 'INTEGER': 'bigint', 'REAL': 'double', 'DATE': 'date', 'DATETIME': 'timestamp_ntz',
    }) }}
{%- endmacro %}

{% macro sqlite__column_types() -%}
    {{ return({'TEXT': 'TEXT', 'INTEGER': 'INTEGER', 'REAL': 'REAL', 'DATE': 'DATE', 'DATETIME': 'DATETIME'}) }}
{%- endmacro %}

{# The columns of a table with another type. #}
{% macro columns_without_type(relation) %}
    {{ return(adapter.dispatch('columns_without_type', 'tillsight')(relation)) }}
{% endmacro %}

{% macro default__columns_without_type(model) %}

select column_name

from information_schema.columns

where
    table_catalog = '{{ model.database }}'
    and table_schema = '{{ model.schema }}'
    and table_name = '{{ model.identifier }}'
    and lower(data_type) not in (
        {%- for type in adapter.dispatch('column_types', 'tillsight')().values() -%}
            '{{ type.split(' collate')[0] }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )

{% endmacro %}

{# Spark describes a table in a statement that cannot be queried. #}
{% macro spark__columns_without_type(model) %}

select column_name

from (values
    {%- for column in adapter.get_columns_in_relation(model) %}
    ('{{ column.name }}', '{{ column.dtype }}'){{ ',' if not loop.last }}
    {%- else %}
    ('{{ model.identifier }}', 'no such table')
    {%- endfor %}
) as described (column_name, data_type)

where data_type not in ('{{ spark__column_types().values() | join("', '") }}')

{% endmacro %}

{% macro sqlite__columns_without_type(model) %}

select name

from pragma_table_info('{{ model.identifier }}', '{{ model.schema }}')

where type not in ('TEXT', 'INTEGER', 'REAL', 'DATE', 'DATETIME')

{% endmacro %}

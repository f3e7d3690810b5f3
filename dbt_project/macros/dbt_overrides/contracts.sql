{#
    Model contracts for engines whose adapter enforces them (SQLite: macros/engines/sqlite). Columns get the engine's type
    for the type in the yml, and the query must have exactly the columns of the yml. Values are cast at insert, because
    sums of whole numbers have wider types on most engines.
#}
{% macro default__get_table_columns_and_constraints() -%}
    {%- set columns = {} -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.update({column.name: dict(
            column, data_type=column_type(column.data_type), constraints=kept_constraints(column.constraints)
        )}) -%}
    {%- endfor -%}
    (
        {{ (
            adapter.render_raw_columns_constraints(raw_columns=columns)
            + adapter.render_raw_model_constraints(raw_constraints=kept_constraints(model.constraints))
        ) | join(',\n        ') }}
    )
{%- endmacro %}

{# The constraints of the yml that the engine enforces. #}
{% macro kept_constraints(constraints) -%}
    {{ return(adapter.dispatch('kept_constraints', 'tillsight')(constraints)) }}
{%- endmacro %}

{% macro default__kept_constraints(constraints) -%}
    {{ return(constraints) }}
{%- endmacro %}

{#
    DuckDB enforces a key with an index that must fit into memory and takes two thirds of the time to write a large table;
    data tests check the same keys and relationships.
#}
{% macro duckdb__kept_constraints(constraints) -%}
    {{ return(constraints | rejectattr('type', 'in', ['primary_key', 'foreign_key']) | list) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
    {%- do assert_same_columns(get_column_schema_from_query(sql) | map(attribute='name') | list) -%}
{%- endmacro %}

{# Raise an error if the columns of a query differ from the yml. #}
{% macro assert_same_columns(actual) -%}
    {%- set declared = model.columns.keys() | list -%}
    {%- set missing = declared | reject('in', actual) | join(', ') -%}
    {%- set extra = actual | reject('in', declared) | join(', ') -%}
    {%- if missing or extra -%}
        {%- do exceptions.raise_compiler_error(
            "model '" ~ model.name ~ "' breaks its contract: its query lacks [" ~ missing ~ "] and has [" ~ extra
            ~ "] in addition. Make " ~ model.original_file_path ~ " and its yml name the same columns."
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# Cast the numbers and dates of a model without a contract to the types of its yml. Text has its type already. #}
{% macro with_declared_types(sql) -%}
    {%- if config.get('contract').enforced -%}
        {{ return(sql) }}
    {%- endif -%}
    {{ return(cast_to_declared_types(sql, model.columns.values() | rejectattr('data_type', 'in', [none, 'TEXT']))) }}
{%- endmacro %}

{# Cast columns of a query to their types in the yml. #}
{% macro cast_to_declared_types(sql, columns) -%}
    {%- set types = {} -%}
    {%- for column in columns -%}
        {%- do types.update({column.name: column_type(column.data_type)}) -%}
    {%- endfor -%}
    {%- if not types -%}
        {{ return(sql) }}
    {%- endif -%}
    select
    {%- for column in get_column_schema_from_query(sql) %}
        {% if column.name in types %}cast({{ column.name }} as {{ types[column.name] }}) as {% endif %}{{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        {{ sql }}
    ) as untyped
{%- endmacro %}

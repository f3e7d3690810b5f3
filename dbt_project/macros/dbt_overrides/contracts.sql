{#
    Make model contracts the same on every engine whose adapter carries them out (on SQLite see macros/engines/sqlite): columns
    have the types of the engine for those of the yml, and the query must have these columns, no fewer and no more.
    Values are cast as they are inserted: a sum of whole numbers is wider than what is declared on most engines.
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

{# Of the constraints that the yml declares, those that the engine is to keep. #}
{% macro kept_constraints(constraints) -%}
    {{ return(adapter.dispatch('kept_constraints', 'tillsight')(constraints)) }}
{%- endmacro %}

{% macro default__kept_constraints(constraints) -%}
    {{ return(constraints) }}
{%- endmacro %}

{#
    A key is an index here, which must fit into memory as a whole and takes two thirds of what writing a large table costs;
    tests of the same keys and relationships look at all rows at once.
#}
{% macro duckdb__kept_constraints(constraints) -%}
    {{ return(constraints | rejectattr('type', 'in', ['primary_key', 'foreign_key']) | list) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
    {%- do assert_same_columns(get_column_schema_from_query(sql) | map(attribute='name') | list) -%}
{%- endmacro %}

{# Stop with a sentence where a query has other columns than the yml declares. #}
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

{#
    A query whose numbers and dates have the types that the yml of a model without a contract declares. Text is text
    already, and keeps its order. What the yml leaves out stays as it is.
#}
{% macro with_declared_types(sql) -%}
    {%- if config.get('contract').enforced -%}
        {{ return(sql) }}
    {%- endif -%}
    {{ return(cast_to_declared_types(sql, model.columns.values() | rejectattr('data_type', 'in', [none, 'TEXT']))) }}
{%- endmacro %}

{# A query with some of its columns cast to the types that the yml declares for them. #}
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

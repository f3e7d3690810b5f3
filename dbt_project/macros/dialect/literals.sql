{# Rows written out in a model: a query of the named columns. Values are rendered as text literals, NULL where none. #}
{% macro literal_rows(columns, rows) -%}
    {{ return(adapter.dispatch('literal_rows', 'tillsight')(columns, rows)) }}
{%- endmacro %}

{% macro default__literal_rows(columns, rows) -%}
    select *
    from ({{ literal_values(rows) }}
    ) as listed ({{ columns | join(', ') }})
{%- endmacro %}

{% macro sqlite__literal_rows(columns, rows) -%}
    select
    {%- for column in columns %}
        column{{ loop.index }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from ({{ literal_values(rows) }}
    )
{%- endmacro %}

{# Rows of values as VALUES has them. #}
{% macro literal_values(rows) %}
        values
        {%- for row in rows %}
        ({% for value in row %}{% if value is none %}null{% elif value is number %}{{ value }}{% else %}{{ quoted(value) }}{% endif %}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
{%- endmacro %}

{# A text given in the settings, as a literal; null where none is given. #}
{% macro text_literal(text) -%}
    {{ quoted(text) if text else 'null' }}
{%- endmacro %}

{# A text as a literal. #}
{% macro quoted(text) -%}
    {{ return(adapter.dispatch('quoted', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{# Within Spark's literals a backslash begins an escape. #}
{% macro spark__quoted(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "''") }}'
{%- endmacro %}

{# A number given in the settings, as a literal; null where none is given. #}
{% macro number_literal(number) -%}
    {{ 'null' if number is none else number }}
{%- endmacro %}

{# A date given in the settings, as a literal of the engine; null where none is given. #}
{% macro date_literal(date) -%}
    {{ return(adapter.dispatch('date_literal', 'tillsight')(date)) }}
{%- endmacro %}

{% macro default__date_literal(date) -%}
    cast({{ "'" ~ date ~ "'" if date else 'null' }} as date)
{%- endmacro %}

{% macro sqlite__date_literal(date) -%}
    {{ "'" ~ date ~ "'" if date else 'null' }}
{%- endmacro %}

{# A query that returns literal rows with the named columns; none becomes NULL. #}
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

{# A VALUES list of rows. #}
{% macro literal_values(rows) %}
        values
        {%- for row in rows %}
        ({% for value in row %}{% if value is none %}null{% elif value is number %}{{ value }}{% else %}{{ quoted(value) }}{% endif %}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
{%- endmacro %}

{# A text setting as a literal; null if not set. #}
{% macro text_literal(text) -%}
    {{ quoted(text) if text else 'null' }}
{%- endmacro %}

{# An escaped text literal. #}
{% macro quoted(text) -%}
    {{ return(adapter.dispatch('quoted', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{# A backslash is an escape character in Spark literals. #}
{% macro spark__quoted(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "''") }}'
{%- endmacro %}

{# A number setting as a literal; null if not set. #}
{% macro number_literal(number) -%}
    {{ 'null' if number is none else number }}
{%- endmacro %}

{# A date setting as a literal; null if not set. #}
{% macro date_literal(date) -%}
    {{ return(adapter.dispatch('date_literal', 'tillsight')(date)) }}
{%- endmacro %}

{% macro default__date_literal(date) -%}
    cast({{ "'" ~ date ~ "'" if date else 'null' }} as date)
{%- endmacro %}

{% macro sqlite__date_literal(date) -%}
    {{ "'" ~ date ~ "'" if date else 'null' }}
{%- endmacro %}

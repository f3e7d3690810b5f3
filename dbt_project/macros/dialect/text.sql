{#
    An id: trimmed text, NULL where empty; the '.0' that spreadsheets append to whole numbers is taken off. What a
    spreadsheet has rounded (1.23457E+11) is none: it would make one id of many.
#}
{% macro read_id(text) -%}
    {{ return(adapter.dispatch('read_id', 'tillsight')(text)) }}
{%- endmacro %}

{% macro sqlite__read_id(text) -%}
    {%- set value = trimmed(text) -%}
    case
        -- as nearly all are
        when {{ text }} not glob '*[^0-9A-Za-z]*' then nullif({{ text }}, '')
        when {{ value }} glob '[0-9]*[Ee]+[0-9]*' and {{ value }} not glob '*[^0-9.Ee+]*' then null
        when {{ value }} glob '[0-9]*.0' and substr({{ value }}, 1, length({{ value }}) - 2) not glob '*[^0-9]*'
            then substr({{ value }}, 1, length({{ value }}) - 2)
        else nullif({{ value }}, '')
    end
{%- endmacro %}

{# Whether an id is there but cannot be read, since a spreadsheet has rounded it. #}
{% macro is_rounded_id(text) -%}
    {{ read_id(text) }} is null and {{ read_text(text) }} is not null
{%- endmacro %}

{# Trimmed text, NULL where empty. #}
{% macro read_text(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}

{# Text without blanks at its ends, also those that do not show: tabs, line ends, no-break and zero-width spaces. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'tillsight')(text)) }}
{%- endmacro %}

{% macro sqlite__trimmed(text) -%}
    trim({{ text }}, char(9, 10, 11, 12, 13, 32, 160, 8203, 65279))
{%- endmacro %}

{# A landed row as one text in which its values can be told apart: a JSON list of its columns in order. #}
{% macro row_as_text(columns) -%}
    {{ return(adapter.dispatch('row_as_text', 'tillsight')(columns)) }}
{%- endmacro %}

{% macro sqlite__row_as_text(columns) -%}
    json_array({{ columns | join(', ') }})
{%- endmacro %}

{# A row of row_as_text for people: its values behind commas. A value with an @ in it may be an e-mail address of any
   shape, and is hidden whole. #}
{% macro row_without_email(row_text) -%}
    {{ return(adapter.dispatch('row_without_email', 'tillsight')(row_text)) }}
{%- endmacro %}

{% macro sqlite__row_without_email(row_text) -%}
    (
        select group_concat(case when instr(value, '@') > 0 then '(e-mail hidden)' else coalesce(value, '') end, ',')
        from json_each({{ row_text }})
    )
{%- endmacro %}

{# Rows written out in a model: a query of the named columns. Values are rendered as text literals, NULL where none. #}
{% macro literal_rows(columns, rows) -%}
    {{ return(adapter.dispatch('literal_rows', 'tillsight')(columns, rows)) }}
{%- endmacro %}

{% macro sqlite__literal_rows(columns, rows) -%}
    select
    {%- for column in columns %}
        column{{ loop.index }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        values
        {%- for row in rows %}
        ({% for value in row %}{% if value is none %}null{% elif value is number %}{{ value }}{% else %}'{{ value | replace("'", "''") }}'{% endif %}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# A text given in the settings, as a literal; null where none is given. #}
{% macro text_literal(text) -%}
    {{ "'" ~ text | replace("'", "''") ~ "'" if text else 'null' }}
{%- endmacro %}

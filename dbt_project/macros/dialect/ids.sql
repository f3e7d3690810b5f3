{#
    An id: trimmed text, NULL where empty; the '.0' that spreadsheets append to whole numbers is taken off. What a
    spreadsheet has rounded (1.23457E+11) is none: it would make one id of many.
#}
{% macro read_id(text) -%}
    {{ return(adapter.dispatch('read_id', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__read_id(text) -%}
    {%- set value = trimmed(text) -%}
    case
        when {{ matches(value, '^[0-9][0-9.Ee+]*[Ee][+][0-9][0-9.Ee+]*$') }} then null
        when {{ matches(value, '^[0-9]+[.]0$') }} then substr({{ value }}, 1, length({{ value }}) - 2)
        else nullif({{ value }}, '')
    end
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

{# Whether an id is there but cannot be read, since a spreadsheet has rounded it. It has a plus sign, as few others do. #}
{% macro is_rounded_id(text) -%}
    {{ text }} like '%+%' and {{ read_id(text) }} is null and {{ read_text(text) }} is not null
{%- endmacro %}

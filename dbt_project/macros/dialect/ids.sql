{#
    Parse an id: trimmed text without the '.0' that spreadsheets append to whole numbers; NULL if empty, or if a
    spreadsheet has rounded it (1.23457E+11), because different ids round to the same text.
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
        -- fast path for nearly all ids
        when {{ text }} not glob '*[^0-9A-Za-z]*' then nullif({{ text }}, '')
        when {{ value }} glob '[0-9]*[Ee]+[0-9]*' and {{ value }} not glob '*[^0-9.Ee+]*' then null
        when {{ value }} glob '[0-9]*.0' and substr({{ value }}, 1, length({{ value }}) - 2) not glob '*[^0-9]*'
            then substr({{ value }}, 1, length({{ value }}) - 2)
        else nullif({{ value }}, '')
    end
{%- endmacro %}

{# Whether a spreadsheet has rounded an id. The plus sign is tested first, because it is rare. #}
{% macro is_rounded_id(text) -%}
    {{ text }} like '%+%' and {{ read_id(text) }} is null and {{ read_text(text) }} is not null
{%- endmacro %}

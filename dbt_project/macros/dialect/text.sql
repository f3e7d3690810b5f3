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

{# Trimmed text, NULL where empty. #}
{% macro read_text(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}

{# Text without blanks at its ends, also those that do not show: tabs, line ends, no-break and zero-width spaces. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    trim(
        both {% for code in [9, 10, 11, 12, 13, 32, 160, 8203, 65279] %}chr({{ code }}){{ ' || ' if not loop.last }}{% endfor %}
        from {{ text }}
    )
{%- endmacro %}

{# Spark's chr knows 256 characters. #}
{% macro spark__trimmed(text) -%}
    trim(both '\t\n\u000b\u000c\r \u00a0\u200b\ufeff' from {{ text }})
{%- endmacro %}

{% macro sqlite__trimmed(text) -%}
    trim({{ text }}, char(9, 10, 11, 12, 13, 32, 160, 8203, 65279))
{%- endmacro %}

{# Text with small letters for A to Z; others stay, since engines do not agree on them. #}
{% macro lower_case(text) -%}
    {{ return(adapter.dispatch('lower_case', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__lower_case(text) -%}
    translate({{ text }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
{%- endmacro %}

{% macro sqlite__lower_case(text) -%}
    lower({{ text }})
{%- endmacro %}

{# Text with capital letters for a to z. #}
{% macro upper_case(text) -%}
    {{ return(adapter.dispatch('upper_case', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__upper_case(text) -%}
    translate({{ text }}, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
{%- endmacro %}

{% macro sqlite__upper_case(text) -%}
    upper({{ text }})
{%- endmacro %}

{#
    Whether text matches a regular expression. SQLite has none. Those that are given here have no backslash and no
    names of characters, which engines read differently.
#}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'tillsight')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro postgres__matches(text, pattern) -%}
    ({{ text }} ~ '{{ pattern }}')
{%- endmacro %}

{# Where a pattern ends with $, Java lets a line end follow; \z is the end. #}
{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, r'{{ pattern[:-1] ~ "\\z" if pattern.endswith("$") else pattern }}')
{%- endmacro %}

{# A landed row as one text in which its values can be told apart: a JSON list of its columns in order. #}
{% macro row_as_text(columns) -%}
    {{ return(adapter.dispatch('row_as_text', 'tillsight')(columns)) }}
{%- endmacro %}

{% macro default__row_as_text(columns) -%}
    cast(json_array({{ columns | join(', ') }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro postgres__row_as_text(columns) -%}
    cast(json_build_array({{ columns | join(', ') }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro spark__row_as_text(columns) -%}
    to_json(array({{ columns | join(', ') }}))
{%- endmacro %}

{% macro sqlite__row_as_text(columns) -%}
    json_array({{ columns | join(', ') }})
{%- endmacro %}

{# A row of row_as_text for people: its values behind commas. A value with an @ in it may be an e-mail address of any
   shape, and is hidden whole. #}
{% macro row_without_email(row_text) -%}
    {{ return(adapter.dispatch('row_without_email', 'tillsight')(row_text)) }}
{%- endmacro %}

{% macro duckdb__row_without_email(row_text) -%}
    array_to_string(
        [
            case when contains(value, '@') then '(e-mail hidden)' else coalesce(value, '') end
            for value in from_json({{ row_text }}, '["VARCHAR"]')
        ],
        ','
    )
{%- endmacro %}

{% macro postgres__row_without_email(row_text) -%}
    (
        select string_agg(
            case when position('@' in value) > 0 then '(e-mail hidden)' else coalesce(value, '') end, ',' order by place
        )
        from json_array_elements_text(cast({{ row_text }} as json)) with ordinality as listed (value, place)
    )
{%- endmacro %}

{% macro spark__row_without_email(row_text) -%}
    array_join(
        transform(
            from_json({{ row_text }}, 'array<string>'),
            value -> case when contains(value, '@') then '(e-mail hidden)' else coalesce(value, '') end
        ),
        ','
    )
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

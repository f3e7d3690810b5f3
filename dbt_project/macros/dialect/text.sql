{# Trimmed text; NULL if empty. #}
{% macro read_text(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}

{# Text without white space at both ends: spaces, tabs, line ends, no-break and zero-width spaces. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    trim(
        both {% for code in [9, 10, 11, 12, 13, 32, 160, 8203, 65279] %}chr({{ code }}){{ ' || ' if not loop.last }}{% endfor %}
        from {{ text }}
    )
{%- endmacro %}

{# chr() of Spark has 256 characters only. #}
{% macro spark__trimmed(text) -%}
    trim(both '\t\n\u000b\u000c\r \u00a0\u200b\ufeff' from {{ text }})
{%- endmacro %}

{% macro sqlite__trimmed(text) -%}
    trim({{ text }}, char(9, 10, 11, 12, 13, 32, 160, 8203, 65279))
{%- endmacro %}

{# Lower case of A to Z only, because engines differ for other letters. #}
{% macro lower_case(text) -%}
    {{ return(adapter.dispatch('lower_case', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__lower_case(text) -%}
    translate({{ text }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
{%- endmacro %}

{% macro sqlite__lower_case(text) -%}
    lower({{ text }})
{%- endmacro %}

{# Upper case of a to z only. #}
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
    Whether text matches a regular expression; not available on SQLite. Patterns have no backslashes and no character class
    names, because engines differ on them.
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

{# In Java a final $ also matches before a line end; \z does not. #}
{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, r'{{ pattern[:-1] ~ "\\z" if pattern.endswith("$") else pattern }}')
{%- endmacro %}

{#
    Cast of fixture values in unit tests. SQLite has no DATE type and casts to a number instead (cast('2011-01-05' as DATE)
    is 2011), so only types of SQLite are cast.
#}
{% macro sqlite__safe_cast(field, type) -%}
    {%- if type | lower in ('text', 'integer', 'real') -%}
        cast({{ field }} as {{ type }})
    {%- else -%}
        {{ field }}
    {%- endif -%}
{%- endmacro %}

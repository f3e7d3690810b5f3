{#
    How unit tests give their values a type. SQLite has no DATE type and takes an unknown one for a number
    (cast('2011-01-05' as DATE) is 2011), so a value is cast only where SQLite knows the type.
#}
{% macro sqlite__safe_cast(field, type) -%}
    {%- if type | lower in ('text', 'integer', 'real') -%}
        cast({{ field }} as {{ type }})
    {%- else -%}
        {{ field }}
    {%- endif -%}
{%- endmacro %}

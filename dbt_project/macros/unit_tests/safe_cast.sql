{#
    A value of a unit test in a column whose type nobody knows, since its model is ephemeral, is what it looks like: a
    date, a time, or as it is written.
#}
{% macro default__safe_cast(field, type) -%}
    {%- if type != 'UNKNOWN' -%}
        cast({{ field }} as {{ type }})
    {%- elif modules.re.fullmatch("'[0-9]{4}-[0-9]{2}-[0-9]{2}'", field | string) -%}
        date {{ field }}
    {%- elif modules.re.fullmatch("'[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}'", field | string) -%}
        timestamp {{ field }}
    {%- else -%}
        {{ field }}
    {%- endif -%}
{%- endmacro %}

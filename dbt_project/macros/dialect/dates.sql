{#
    On SQLite a date is text YYYY-MM-DD and a timestamp is text YYYY-MM-DD HH:MM:SS; other engines have types for them.
    Models compute with day numbers (days since 1970-01-01), so that differences are subtractions on every engine.
#}

{# The date of a timestamp. #}
{% macro date_of(timestamp) -%}
    {{ return(adapter.dispatch('date_of', 'tillsight')(timestamp)) }}
{%- endmacro %}

{% macro default__date_of(timestamp) -%}
    cast({{ timestamp }} as date)
{%- endmacro %}

{% macro sqlite__date_of(timestamp) -%}
    substr({{ timestamp }}, 1, 10)
{%- endmacro %}

{# Midnight at the start of a date, as a timestamp. #}
{% macro start_of(date) -%}
    {{ return(adapter.dispatch('start_of', 'tillsight')(date)) }}
{%- endmacro %}

{% macro default__start_of(date) -%}
    cast({{ date }} as timestamp)
{%- endmacro %}

{% macro sqlite__start_of(date) -%}
    {{ date }} || ' 00:00:00'
{%- endmacro %}

{# Parse the dates that ml/ writes, always YYYY-MM-DD. Dates of loaded files go through read_timestamp. #}
{% macro date_from_text(text) -%}
    {{ return(adapter.dispatch('date_from_text', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__date_from_text(text) -%}
    cast({{ text }} as date)
{%- endmacro %}

{% macro sqlite__date_from_text(text) -%}
    {{ text }}
{%- endmacro %}

{# Days from 1970-01-01 to a date. #}
{% macro day_number(date) -%}
    {{ return(adapter.dispatch('day_number', 'tillsight')(date)) }}
{%- endmacro %}

{% macro default__day_number(date) -%}
    cast({{ date }} - date '1970-01-01' as integer)
{%- endmacro %}

{% macro spark__day_number(date) -%}
    cast(unix_date({{ date }}) as {{ dbt.type_int() }})
{%- endmacro %}

{% macro sqlite__day_number(date) -%}
    cast(julianday({{ date }}) - 2440587.5 as integer)
{%- endmacro %}

{# The date of a day number. #}
{% macro date_from_day_number(day_number) -%}
    {{ return(adapter.dispatch('date_from_day_number', 'tillsight')(day_number)) }}
{%- endmacro %}

{% macro default__date_from_day_number(day_number) -%}
    (date '1970-01-01' + cast({{ day_number }} as integer))
{%- endmacro %}

{% macro sqlite__date_from_day_number(day_number) -%}
    date(({{ day_number }}) * 86400, 'unixepoch')
{%- endmacro %}

{# Year times twelve plus month of a date, so that months can be subtracted. #}
{% macro month_number(date) -%}
    {{ return(adapter.dispatch('month_number', 'tillsight')(date)) }}
{%- endmacro %}

{% macro default__month_number(date) -%}
    cast(extract(year from {{ date }}) * 12 + extract(month from {{ date }}) - 1 as integer)
{%- endmacro %}

{% macro spark__month_number(date) -%}
    cast(year({{ date }}) * 12 + month({{ date }}) - 1 as {{ dbt.type_int() }})
{%- endmacro %}

{% macro sqlite__month_number(date) -%}
    (cast(substr({{ date }}, 1, 4) as integer) * 12 + cast(substr({{ date }}, 6, 2) as integer) - 1)
{%- endmacro %}

{# The first day of a month number. #}
{% macro date_from_month_number(month_number) -%}
    {{ return(adapter.dispatch('date_from_month_number', 'tillsight')(month_number)) }}
{%- endmacro %}

{% macro default__date_from_month_number(month_number) -%}
    make_date(
        cast({{ divide_whole('(' ~ month_number ~ ')', '12') }} as integer),
        cast(mod({{ month_number }}, 12) + 1 as integer),
        1
    )
{%- endmacro %}

{% macro sqlite__date_from_month_number(month_number) -%}
    printf('%04d-%02d-01', ({{ month_number }}) / 12, ({{ month_number }}) % 12 + 1)
{%- endmacro %}

{# 2200-01-01 as a day number, later than any parsed date: the end of an open interval. #}
{% macro day_after_all() -%}
    84006
{%- endmacro %}

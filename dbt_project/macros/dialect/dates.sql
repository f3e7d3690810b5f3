{#
    Dates. On SQLite a date is text YYYY-MM-DD and a time is text YYYY-MM-DD HH:MM:SS; between the models
    days are whole numbers since 1970-01-01, so that differences are subtractions on every engine.
#}

{#
    A point in time written as text, as a timestamp; NULL where it cannot be read or lies outside 1900..2199.
    Read are YYYY-MM-DD with an optional time behind a blank or T; a zone is dropped, the shop's own time stays.
    `slashes` and `dashes` declare what d/m/yyyy and d-m-yyyy (or d.m.yyyy) mean: day_first, month_first, or none to
    leave them unread. A format is never guessed.
#}
{% macro read_timestamp(text, slashes=none, dashes=none) -%}
    {{ return(adapter.dispatch('read_timestamp', 'tillsight')(text, slashes, dashes)) }}
{%- endmacro %}

{% macro sqlite__read_timestamp(text, slashes, dashes) -%}
    {%- set value = 'trim(' ~ text ~ ')' -%}
    {%- set iso_day = 'substr(' ~ value ~ ', 1, 10)' -%}
    {%- set iso_time = "case when substr(" ~ value ~ ", 17, 1) = ':' then substr(" ~ value ~ ", 12, 8)"
        ~ " when length(" ~ value ~ ") > 10 then substr(" ~ value ~ ", 12, 5) else '00:00' end" -%}
    case
        -- as most files write it; adding no days turns 30 February into another date, so that it differs
        when datetime({{ text }}, '+0 days') = {{ text }} and {{ text }} between '1900-01-01' and '2199-12-31 23:59:59'
            then {{ text }}
        when date({{ text }}, '+0 days') = {{ text }} and {{ text }} between '1900-01-01' and '2199-12-31'
            then {{ text }} || ' 00:00:00'
        -- with a T, a fraction, a zone, or without seconds
        when {{ value }} glob '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'
            then case
                when
                    {{ iso_day }} between '1900-01-01' and '2199-12-31'
                    and date({{ iso_day }}, '+0 days') = {{ iso_day }}
                    and substr({{ value }}, 11, 1) in ('', ' ', 'T')
                    and {{ value }} not glob '*[^-+.:0-9TZ ]*'
                    then {{ iso_day }} || ' ' || {{ sqlite__read_clock(iso_time) }}
            end
        {%- for separator, order in [('/', slashes), ('-', dashes), ('.', dashes)] if order %}
        when
            {%- for numbers in ['[0-9]#[0-9]', '[0-9]#[0-9][0-9]', '[0-9][0-9]#[0-9]', '[0-9][0-9]#[0-9][0-9]'] %}
            {{ 'or ' if not loop.first }}{{ value }} glob '{{ numbers | replace('#', separator) }}{{ separator }}[12][0-9][0-9][0-9]*'
            {%- endfor %}
            then {{ sqlite__read_split_date(value, separator, order) }}
        {%- endfor %}
    end
{%- endmacro %}

{# A date of three numbers, the year last, and an optional time H:MM or H:MM:SS behind a blank. #}
{% macro sqlite__read_split_date(value, separator, order) -%}
    {%- set rest = "substr(" ~ value ~ ", instr(" ~ value ~ ", '" ~ separator ~ "') + 1)" -%}
    {%- set first = "substr('0' || substr(" ~ value ~ ", 1, instr(" ~ value ~ ", '" ~ separator ~ "') - 1), -2)" -%}
    {%- set second = "substr('0' || substr(" ~ rest ~ ", 1, instr(" ~ rest ~ ", '" ~ separator ~ "') - 1), -2)" -%}
    {%- set from_year = "substr(" ~ rest ~ ", instr(" ~ rest ~ ", '" ~ separator ~ "') + 1)" -%}
    {%- set month = second if order == 'day_first' else first -%}
    {%- set day = first if order == 'day_first' else second -%}
    {%- set iso = "substr(" ~ from_year ~ ", 1, 4) || '-' || " ~ month ~ " || '-' || " ~ day -%}
    {%- set clock = "substr('0' || nullif(substr(" ~ from_year ~ ", 6), ''), case when substr(" ~ from_year ~ ", 7, 1) = ':' then 1 else 2 end)" -%}
    case
        when
            date({{ iso }}, '+0 days') = {{ iso }}
            and {{ iso }} between '1900-01-01' and '2199-12-31'
            and substr({{ from_year }}, 5, 1) in ('', ' ')
            then {{ iso }} || ' ' || {{ sqlite__read_clock("coalesce(" ~ clock ~ ", '00:00')") }}
    end
{%- endmacro %}

{# A time of day; NULL where there is none, as at 24:00, which SQLite lets pass. #}
{% macro sqlite__read_clock(text) -%}
    case when time({{ text }}) < '24' then time({{ text }}) end
{%- endmacro %}

{# The date of a timestamp. #}
{% macro date_of(timestamp) -%}
    {{ return(adapter.dispatch('date_of', 'tillsight')(timestamp)) }}
{%- endmacro %}

{% macro sqlite__date_of(timestamp) -%}
    substr({{ timestamp }}, 1, 10)
{%- endmacro %}

{# A date as a whole number of days since 1970-01-01. #}
{% macro day_number(date) -%}
    {{ return(adapter.dispatch('day_number', 'tillsight')(date)) }}
{%- endmacro %}

{% macro sqlite__day_number(date) -%}
    cast(julianday({{ date }}) - 2440587.5 as integer)
{%- endmacro %}

{# The date of a whole number of days since 1970-01-01. #}
{% macro date_from_day_number(day_number) -%}
    {{ return(adapter.dispatch('date_from_day_number', 'tillsight')(day_number)) }}
{%- endmacro %}

{% macro sqlite__date_from_day_number(day_number) -%}
    date(({{ day_number }}) * 86400, 'unixepoch')
{%- endmacro %}

{# The month of a date as a whole number, twelve to the year, so that months can be subtracted. #}
{% macro month_number(date) -%}
    {{ return(adapter.dispatch('month_number', 'tillsight')(date)) }}
{%- endmacro %}

{% macro sqlite__month_number(date) -%}
    (cast(substr({{ date }}, 1, 4) as integer) * 12 + cast(substr({{ date }}, 6, 2) as integer) - 1)
{%- endmacro %}

{# The first day of a month number. #}
{% macro date_from_month_number(month_number) -%}
    {{ return(adapter.dispatch('date_from_month_number', 'tillsight')(month_number)) }}
{%- endmacro %}

{% macro sqlite__date_from_month_number(month_number) -%}
    printf('%04d-%02d-01', ({{ month_number }}) / 12, ({{ month_number }}) % 12 + 1)
{%- endmacro %}

{# A date given in the settings, as a literal of the engine; null where none is given. #}
{% macro date_literal(date) -%}
    {{ return(adapter.dispatch('date_literal', 'tillsight')(date)) }}
{%- endmacro %}

{% macro sqlite__date_literal(date) -%}
    {{ "'" ~ date ~ "'" if date else 'null' }}
{%- endmacro %}

{# A day number later than any that is read: the end of a span that has not ended. #}
{% macro day_after_all() -%}
    84006
{%- endmacro %}

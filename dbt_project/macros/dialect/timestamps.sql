{#
    Parse a timestamp; NULL if unparseable or outside 1900..2199. Accepted are YYYY-MM-DD with an optional time after a
    space or T; a time zone is dropped, the local time stays. `slashes` and `dashes` declare the order of d/m/yyyy and of
    d-m-yyyy or d.m.yyyy: day_first, month_first, or none if not accepted. The order is never guessed.
#}
{% macro read_timestamp(text, slashes=none, dashes=none) -%}
    {{ return(adapter.dispatch('read_timestamp', 'tillsight')(text, slashes, dashes)) }}
{%- endmacro %}

{# Patterns select valid dates before the cast, because a cast of an invalid date is an error on some engines. #}
{% macro default__read_timestamp(text, slashes, dashes) -%}
    {%- set value = "trim(both ' ' from " ~ text ~ ")" -%}
    case
        when {{ matches(value, '^' ~ day_pattern() ~ '([ T]' ~ clock_pattern('([01][0-9]|2[0-3])') ~ ')?$') }}
            then cast(substr({{ value }}, 1, 10) || ' ' || {{ clock_of('substr(' ~ value ~ ', 12)') }} as timestamp)
        {%- for separator, order in [('/', slashes), ('-', dashes), ('.', dashes)] if order %}
        when {{ matches(
            value,
            '^[0-9][0-9]?[' ~ separator ~ '][0-9][0-9]?[' ~ separator ~ '][12][0-9][0-9][0-9]( '
            ~ clock_pattern('([01]?[0-9]|2[0-3])') ~ ')?$'
        ) }}
            then {{ default__read_split_date(value, separator, order) }}
        {%- endfor %}
    end
{%- endmacro %}

{# Parse a date of three numbers, the year last, with an optional time H:MM or H:MM:SS after a space. #}
{% macro default__read_split_date(value, separator, order) -%}
    {%- set first = "split_part(" ~ value ~ ", '" ~ separator ~ "', 1)" -%}
    {%- set second = "split_part(" ~ value ~ ", '" ~ separator ~ "', 2)" -%}
    {%- set from_year = "substr(" ~ value ~ ", length(" ~ first ~ ") + length(" ~ second ~ ") + 3)" -%}
    {%- set month, day = (second, first) if order == 'day_first' else (first, second) -%}
    {%- set iso = "substr(" ~ from_year ~ ", 1, 4) || '-' || lpad(" ~ month ~ ", 2, '0') || '-' || lpad(" ~ day ~ ", 2, '0')" -%}
    {%- set clock = "case when substr(" ~ from_year ~ ", 7, 1) = ':' then '0' else '' end || substr(" ~ from_year ~ ", 6)" -%}
    case
        when {{ matches(iso, '^' ~ day_pattern() ~ '$') }}
            then cast({{ iso }} || ' ' || {{ clock_of(clock) }} as timestamp)
    end
{%- endmacro %}

{# Pattern of the valid dates from 1900-01-01 to 2199-12-31: months of 31, 30 and 28 days, and leap days. #}
{% macro day_pattern() -%}
    {{ return(
        '((19|20|21)[0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)'
        ~ '|02-(0[1-9]|1[0-9]|2[0-8]))|((19|20|21)(0[48]|[2468][048]|[13579][26])|2000)-02-29)'
    ) }}
{%- endmacro %}

{# Pattern of a time of day with optional seconds, fraction and time zone; the last two are dropped. #}
{% macro clock_pattern(hour) -%}
    {{ return(hour ~ ':[0-5][0-9](:[0-5][0-9][-+.:0-9TZ ]*|[-+.0-9TZ ][-+.:0-9TZ ]*)?') }}
{%- endmacro %}

{# Hours, minutes and optional seconds of a text that begins with a time of day; midnight if it is empty. #}
{% macro clock_of(text) -%}
    case
        when {{ text }} = '' then '00:00'
        when substr({{ text }}, 6, 1) = ':' then substr({{ text }}, 1, 8)
        else substr({{ text }}, 1, 5)
    end
{%- endmacro %}

{% macro sqlite__read_timestamp(text, slashes, dashes) -%}
    {%- set value = 'trim(' ~ text ~ ')' -%}
    {%- set iso_day = 'substr(' ~ value ~ ', 1, 10)' -%}
    {%- set iso_time = "case when substr(" ~ value ~ ", 17, 1) = ':' then substr(" ~ value ~ ", 12, 8)"
        ~ " when length(" ~ value ~ ") > 10 then substr(" ~ value ~ ", 12, 5) else '00:00' end" -%}
    case
        -- fast path for most files; '+0 days' normalises 30 February, which then differs from the text
        when datetime({{ text }}, '+0 days') = {{ text }} and {{ text }} between '1900-01-01' and '2199-12-31 23:59:59'
            then {{ text }}
        when date({{ text }}, '+0 days') = {{ text }} and {{ text }} between '1900-01-01' and '2199-12-31'
            then {{ text }} || ' 00:00:00'
        -- with T, fraction or time zone, or without seconds
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

{% macro sqlite__read_split_date(value, separator, order) -%}
    {%- set rest = "substr(" ~ value ~ ", instr(" ~ value ~ ", '" ~ separator ~ "') + 1)" -%}
    {%- set first = "substr('0' || substr(" ~ value ~ ", 1, instr(" ~ value ~ ", '" ~ separator ~ "') - 1), -2)" -%}
    {%- set second = "substr('0' || substr(" ~ rest ~ ", 1, instr(" ~ rest ~ ", '" ~ separator ~ "') - 1), -2)" -%}
    {%- set from_year = "substr(" ~ rest ~ ", instr(" ~ rest ~ ", '" ~ separator ~ "') + 1)" -%}
    {%- set month = second if order == 'day_first' else first -%}
    {%- set day = first if order == 'day_first' else second -%}
    {%- set iso = "substr(" ~ from_year ~ ", 1, 4) || '-' || " ~ month ~ " || '-' || " ~ day -%}
    {%- set clock = "case when substr(" ~ from_year ~ ", 7, 1) = ':' then '0' else '' end || substr(" ~ from_year ~ ", 6)" -%}
    case
        when
            date({{ iso }}, '+0 days') = {{ iso }}
            and {{ iso }} between '1900-01-01' and '2199-12-31'
            and substr({{ from_year }}, 5, 1) in ('', ' ')
            and substr({{ from_year }}, 6) not glob '*[^-+.:0-9TZ ]*'
            then {{ iso }} || ' ' || {{ sqlite__read_clock(clock_of(clock)) }}
    end
{%- endmacro %}

{# Parse a time of day; NULL if invalid. SQLite itself accepts 24:00, 'now', and numbers as days. #}
{% macro sqlite__read_clock(text) -%}
    case when {{ text }} glob '[0-9][0-9]:*' and time({{ text }}) < '24' then time({{ text }}) end
{%- endmacro %}

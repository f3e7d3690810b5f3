{#
    Reading numbers from text, and whole-number arithmetic.
    Money is kept in whole minor units (hundredths), so that sums do not depend on the order of rows.
#}

{# A number written as text, in millionths, as an integer. NULL where the text is no finite number below ten thousand million. #}
{% macro read_micros(text) -%}
    {{ return(adapter.dispatch('read_micros', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__read_micros(text) -%}
    {%- set number = number_of(text) -%}
    case
        when {{ default__is_number(text) }}
            then case
                when abs({{ number }}) < 10000000000 then cast({{ round_half_away(number ~ ' * 1000000') }} as {{ dbt.type_int() }})
            end
    end
{%- endmacro %}

{% macro postgres__read_micros(text) -%}
    (
        select case when abs(number) < 10000000000 then cast({{ round_half_away('number * 1000000') }} as bigint) end
        from (
            select case when {{ default__is_number(text) }} then {{ number_of(text) }} end as number {{ computed_once() }}
        ) as given
    )
{%- endmacro %}

{% macro sqlite__read_micros(text) -%}
    case
        when {{ sqlite__is_number(text) }} and abs(cast({{ text }} as real)) < 10000000000
            then cast(round(cast({{ text }} as real) * 1000000) as integer)
    end
{%- endmacro %}

{# Whether text is a number: the quick test is that of a JSON number, the other lets '+5', '.5', '5.' and '007' pass. #}
{% macro sqlite__is_number(text) -%}
    {%- set number = 'trim(' ~ text ~ ')' -%}
    {%- set digits = "ltrim(" ~ number ~ ", '+-')" -%}
    (
        ({{ text }} glob '[-0-9]*' and json_valid({{ text }}))
        or (
            {{ digits }} not glob '*[^0-9.]*'
            and {{ digits }} glob '*[0-9]*'
            and {{ digits }} not glob '*.*.*'
            and {{ number }} not glob '[-+][-+]*'
        )
    )
{%- endmacro %}

{# The same without JSON: digits with a point and a sign between blanks, or a JSON number with an exponent. #}
{% macro default__is_number(text) -%}
    {%- set json_number = '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?[ \t\n\r]*' -%}
    {{ return(matches(text, '^( *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+) *|' ~ json_number ~ ')$')) }}
{%- endmacro %}

{# What a text that is a number comes to, as a double; where that is ten thousand million or more, any such number. #}
{% macro number_of(text) -%}
    {{ return(adapter.dispatch('number_of', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__number_of(text) -%}
    cast({{ text }} as {{ dbt.type_float() }})
{%- endmacro %}

{#
    PostgreSQL refuses a double that is too large or too near to 0, and a numeric of very many digits. Most texts have few;
    others are looked at as a numeric first, unless the exponent alone says what becomes of them.
#}
{% macro postgres__number_of(text) -%}
    case
        when {{ matches(text, '^ *[-+]?[0-9.]{1,15} *$') }} then cast({{ text }} as {{ dbt.type_float() }})
        when {{ matches(text, '^-?[0.]+[eE]') }} or {{ matches(text, '[eE]-0*[1-9][0-9][0-9][0-9]') }} then 0
        when {{ matches(text, '[eE][+]?0*[1-9][0-9][0-9][0-9]') }} or length({{ text }}) > 100000 then 10000000000
        else (
            select case when abs(exact) < 5e-324 then 0 else cast(
                least(greatest(exact, -10000000000), 10000000000) as {{ dbt.type_float() }}
            ) end
            from (select cast({{ text }} as numeric) as exact {{ computed_once() }}) as given
        )
    end
{%- endmacro %}

{# Whether text is there and is no number: 1 or 0. #}
{% macro is_unreadable_number(text) -%}
    case when {{ read_micros(text) }} is null and {{ read_text(text) }} is not null then 1 else 0 end
{%- endmacro %}

{# A whole number written as text ('12', '12.0'), as an integer. NULL where it is none, or a thousand million or more. #}
{% macro read_whole_number(text) -%}
    {{ return(adapter.dispatch('read_whole_number', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__read_whole_number(text) -%}
    {%- set number = number_of(text) -%}
    case
        when {{ default__is_number(text) }}
            then case
                when abs({{ number }}) < 1000000000 and {{ number }} = floor({{ number }})
                    then cast({{ number }} as {{ dbt.type_int() }})
            end
    end
{%- endmacro %}

{% macro postgres__read_whole_number(text) -%}
    (
        select case when abs(number) < 1000000000 and number = floor(number) then cast(number as bigint) end
        from (
            select case when {{ default__is_number(text) }} then {{ number_of(text) }} end as number {{ computed_once() }}
        ) as given
    )
{%- endmacro %}

{% macro sqlite__read_whole_number(text) -%}
    case
        when
            {{ sqlite__is_number(text) }}
            and abs(cast({{ text }} as real)) < 1000000000
            and cast({{ text }} as real) = cast(cast({{ text }} as real) as integer)
            then cast(cast({{ text }} as real) as integer)
    end
{%- endmacro %}

{# Whole minor units from millionths, half rounded away from zero. #}
{% macro minor_units_from_micros(micros) -%}
    {{ return(adapter.dispatch('minor_units_from_micros', 'tillsight')(micros)) }}
{%- endmacro %}

{% macro default__minor_units_from_micros(micros) -%}
    {%- set minor_units = 'cast(' ~ micros ~ ' as ' ~ dbt.type_float() ~ ') / 10000' -%}
    cast({{ round_half_away(minor_units) }} as {{ dbt.type_int() }})
{%- endmacro %}

{% macro sqlite__minor_units_from_micros(micros) -%}
    cast(round(({{ micros }}) / 10000.0) as integer)
{%- endmacro %}

{# Whole-number division, rounded towards zero. #}
{% macro divide_whole(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide_whole', 'tillsight')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__divide_whole(dividend, divisor) -%}
    ({{ dividend }} / {{ divisor }})
{%- endmacro %}

{% macro duckdb__divide_whole(dividend, divisor) -%}
    ({{ dividend }} // {{ divisor }})
{%- endmacro %}

{% macro spark__divide_whole(dividend, divisor) -%}
    ({{ dividend }} div {{ divisor }})
{%- endmacro %}

{% macro sqlite__divide_whole(dividend, divisor) -%}
    ({{ dividend }} / {{ divisor }})
{%- endmacro %}

{#
    Money of readers in minor units again, as a whole double: those add up exactly, whereas 20 million amounts added as
    they are come out a cent or two off.
#}
{% macro minor_units_from_money(money) -%}
    {{ round_half_away(money ~ ' * 100') }}
{%- endmacro %}

{#
    Money per thing for readers: minor units over a count, rounded half away from zero to whole minor units, whose half is
    a double (that of two decimals is none, and engines differ by it); NULL where there is nothing to divide by.
#}
{% macro money_per(minor_units, count) -%}
    {%- set average = 'cast(' ~ minor_units ~ ' as ' ~ dbt.type_float() ~ ') / nullif(' ~ count ~ ', 0)' -%}
    ({{ round_half_away(average) }} / 100)
{%- endmacro %}

{# A double as the nearest whole one, half away from zero. #}
{% macro round_half_away(number) -%}
    {{ return(adapter.dispatch('round_half_away', 'tillsight')(number)) }}
{%- endmacro %}

{% macro default__round_half_away(number) -%}
    round({{ number }})
{%- endmacro %}

{#
    PostgreSQL rounds the half of a double to the even side; from 2^52 on a double is whole, and adding a half could
    change it.
#}
{% macro postgres__round_half_away(number) -%}
    (
        select case when abs(number) < 4503599627370496 then trunc(number + 0.5 * sign(number)) else number end
        from (select {{ number }} as number {{ computed_once() }}) as given
    )
{%- endmacro %}

{% macro sqlite__round_half_away(number) -%}
    round({{ number }})
{%- endmacro %}

{# Money for readers: minor units as a number with two decimals. #}
{% macro money(minor_units) -%}
    (cast({{ minor_units }} as {{ dbt.type_float() }}) / 100)
{%- endmacro %}

{# The smaller of two numbers; NULL where one is, which the LEAST of other engines passes over. #}
{% macro least(first, second) -%}
    {{ return(adapter.dispatch('least', 'tillsight')(first, second)) }}
{%- endmacro %}

{% macro default__least(first, second) -%}
    case when {{ first }} <= {{ second }} then {{ first }} when {{ first }} > {{ second }} then {{ second }} end
{%- endmacro %}

{% macro sqlite__least(first, second) -%}
    min({{ first }}, {{ second }})
{%- endmacro %}

{# The larger of two numbers; NULL where one is. #}
{% macro greatest(first, second) -%}
    {{ return(adapter.dispatch('greatest', 'tillsight')(first, second)) }}
{%- endmacro %}

{% macro default__greatest(first, second) -%}
    case when {{ first }} >= {{ second }} then {{ first }} when {{ first }} < {{ second }} then {{ second }} end
{%- endmacro %}

{% macro sqlite__greatest(first, second) -%}
    max({{ first }}, {{ second }})
{%- endmacro %}

{#
    Quantity times unit price, rounded half away from zero to whole minor units; NULL beyond ten thousand million.
#}
{% macro line_amount_minor(quantity, unit_price_micros) -%}
    case
        when abs(1.0 * {{ quantity }} * {{ unit_price_micros }}) < 10000000000000000
            then {{ minor_units_from_micros(quantity ~ ' * ' ~ unit_price_micros) }}
    end
{%- endmacro %}

{# What is left of 1 after some days, of which every `half_life` halve it. #}
{% macro decay(days, half_life) -%}
    {{ return(adapter.dispatch('decay', 'tillsight')(days, half_life)) }}
{%- endmacro %}

{% macro default__decay(days, half_life) -%}
    power(0.5, ({{ days }}) / {{ real(half_life) }})
{%- endmacro %}

{# PostgreSQL refuses what is too near to 0 for a double, as a sale of 1900 is. #}
{% macro postgres__decay(days, half_life) -%}
    case
        when {{ days }} < 1000 * {{ half_life }}
            then power({{ real(0.5) }}, ({{ days }}) / {{ real(half_life) }})
        else 0
    end
{%- endmacro %}

{# A number as a double: 30.0 is a decimal to Spark, which keeps six digits of what is divided by it. #}
{% macro real(number) -%}
    cast({{ number }} as {{ dbt.type_float() }})
{%- endmacro %}

{# A number given in the settings, as a literal; null where none is given. #}
{% macro number_literal(number) -%}
    {{ 'null' if number is none else number }}
{%- endmacro %}

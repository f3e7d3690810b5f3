{#
    Reading numbers from text, and whole-number arithmetic.
    Money is kept in whole minor units (hundredths), so that sums do not depend on the order of rows.
#}

{# A number written as text, in millionths, as an integer. NULL where the text is no finite number below ten thousand million. #}
{% macro read_micros(text) -%}
    {{ return(adapter.dispatch('read_micros', 'tillsight')(text)) }}
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

{# Whether text is there and is no number: 1 or 0. #}
{% macro is_unreadable_number(text) -%}
    case when {{ read_micros(text) }} is null and {{ read_text(text) }} is not null then 1 else 0 end
{%- endmacro %}

{# A whole number written as text ('12', '12.0'), as an integer. NULL where it is none, or a thousand million or more. #}
{% macro read_whole_number(text) -%}
    {{ return(adapter.dispatch('read_whole_number', 'tillsight')(text)) }}
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

{% macro sqlite__minor_units_from_micros(micros) -%}
    cast(round(({{ micros }}) / 10000.0) as integer)
{%- endmacro %}

{# Whole-number division, rounded towards zero. #}
{% macro divide_whole(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide_whole', 'tillsight')(dividend, divisor)) }}
{%- endmacro %}

{% macro sqlite__divide_whole(dividend, divisor) -%}
    ({{ dividend }} / {{ divisor }})
{%- endmacro %}

{# Money per thing for readers: minor units over a count, rounded to two decimals; NULL where there is nothing to divide by. #}
{% macro money_per(minor_units, count) -%}
    round({{ money(minor_units) }} / nullif({{ count }}, 0), 2)
{%- endmacro %}

{# Money for readers: minor units as a number with two decimals. #}
{% macro money(minor_units) -%}
    (cast({{ minor_units }} as {{ dbt.type_float() }}) / 100)
{%- endmacro %}

{# The smaller of two numbers. #}
{% macro least(first, second) -%}
    {{ return(adapter.dispatch('least', 'tillsight')(first, second)) }}
{%- endmacro %}

{% macro sqlite__least(first, second) -%}
    min({{ first }}, {{ second }})
{%- endmacro %}

{# The larger of two numbers. #}
{% macro greatest(first, second) -%}
    {{ return(adapter.dispatch('greatest', 'tillsight')(first, second)) }}
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

{# A number given in the settings, as a literal; null where none is given. #}
{% macro number_literal(number) -%}
    {{ 'null' if number is none else number }}
{%- endmacro %}

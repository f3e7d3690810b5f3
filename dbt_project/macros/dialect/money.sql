{# Money is kept in whole minor units (hundredths), so that sums do not depend on the order of rows. #}

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

{#
    Quantity times unit price, rounded half away from zero to whole minor units; NULL beyond ten thousand million.
#}
{% macro line_amount_minor(quantity, unit_price_micros) -%}
    case
        when abs(1.0 * {{ quantity }} * {{ unit_price_micros }}) < 10000000000000000
            then {{ minor_units_from_micros(quantity ~ ' * ' ~ unit_price_micros) }}
    end
{%- endmacro %}

{#
    Money of readers in minor units again, as a whole double: those add up exactly, whereas 20 million amounts added as
    they are come out a cent or two off.
#}
{% macro minor_units_from_money(money) -%}
    {{ round_half_away(money ~ ' * 100') }}
{%- endmacro %}

{# Money for readers: minor units as a number with two decimals. #}
{% macro money(minor_units) -%}
    (cast({{ minor_units }} as {{ dbt.type_float() }}) / 100)
{%- endmacro %}

{#
    Money per thing for readers: minor units over a count, rounded half away from zero to whole minor units, whose half is
    a double (that of two decimals is none, and engines differ by it); NULL where there is nothing to divide by.
#}
{% macro money_per(minor_units, count) -%}
    {%- set average = 'cast(' ~ minor_units ~ ' as ' ~ dbt.type_float() ~ ') / nullif(' ~ count ~ ', 0)' -%}
    ({{ round_half_away(average) }} / 100)
{%- endmacro %}

{# Amounts are whole minor units (hundredths), so that sums do not depend on the order of rows. #}

{# Minor units from millionths, rounded half away from zero. #}
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

{# Quantity times unit price in minor units, rounded half away from zero; NULL from ten thousand million on. #}
{% macro line_amount_minor(quantity, unit_price_micros) -%}
    case
        when abs(1.0 * {{ quantity }} * {{ unit_price_micros }}) < 10000000000000000
            then {{ minor_units_from_micros(quantity ~ ' * ' ~ unit_price_micros) }}
    end
{%- endmacro %}

{# Minor units of a published amount, as a whole double: whole doubles add up exactly, fractions do not. #}
{% macro minor_units_from_money(money) -%}
    {{ round_half_away(money ~ ' * 100') }}
{%- endmacro %}

{# A published amount: minor units as a number with two decimals. #}
{% macro money(minor_units) -%}
    (cast({{ minor_units }} as {{ dbt.type_float() }}) / 100)
{%- endmacro %}

{#
    A published average amount: minor units divided by a count; NULL if the count is 0. Rounded in minor units, where a half
    is an exact double: half a hundredth is not, and engines differ by it.
#}
{% macro money_per(minor_units, count) -%}
    {%- set average = 'cast(' ~ minor_units ~ ' as ' ~ dbt.type_float() ~ ') / nullif(' ~ count ~ ', 0)' -%}
    ({{ round_half_away(average) }} / 100)
{%- endmacro %}

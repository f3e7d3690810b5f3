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

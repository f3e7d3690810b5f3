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

{# Round a double to a whole double, half away from zero. #}
{% macro round_half_away(number) -%}
    {{ return(adapter.dispatch('round_half_away', 'tillsight')(number)) }}
{%- endmacro %}

{% macro default__round_half_away(number) -%}
    round({{ number }})
{%- endmacro %}

{# PostgreSQL rounds half to even. From 2^52 on a double is whole, and adding 0.5 could change it. #}
{% macro postgres__round_half_away(number) -%}
    (
        select case when abs(number) < 4503599627370496 then trunc(number + 0.5 * sign(number)) else number end
        from (select {{ number }} as number {{ computed_once() }}) as given
    )
{%- endmacro %}

{% macro sqlite__round_half_away(number) -%}
    round({{ number }})
{%- endmacro %}

{# The smaller of two numbers; NULL if one is NULL, unlike LEAST on other engines. #}
{% macro least(first, second) -%}
    {{ return(adapter.dispatch('least', 'tillsight')(first, second)) }}
{%- endmacro %}

{% macro default__least(first, second) -%}
    case when {{ first }} <= {{ second }} then {{ first }} when {{ first }} > {{ second }} then {{ second }} end
{%- endmacro %}

{% macro sqlite__least(first, second) -%}
    min({{ first }}, {{ second }})
{%- endmacro %}

{# The larger of two numbers; NULL if one is NULL. #}
{% macro greatest(first, second) -%}
    {{ return(adapter.dispatch('greatest', 'tillsight')(first, second)) }}
{%- endmacro %}

{% macro default__greatest(first, second) -%}
    case when {{ first }} >= {{ second }} then {{ first }} when {{ first }} < {{ second }} then {{ second }} end
{%- endmacro %}

{% macro sqlite__greatest(first, second) -%}
    max({{ first }}, {{ second }})
{%- endmacro %}

{# Exponential decay: 1 at 0 days, 0.5 after `half_life` days. #}
{% macro decay(days, half_life) -%}
    {{ return(adapter.dispatch('decay', 'tillsight')(days, half_life)) }}
{%- endmacro %}

{% macro default__decay(days, half_life) -%}
    power(0.5, ({{ days }}) / {{ real(half_life) }})
{%- endmacro %}

{# PostgreSQL raises an underflow error near 0, for example for a sale of 1900. #}
{% macro postgres__decay(days, half_life) -%}
    case
        when {{ days }} < 1000 * {{ half_life }}
            then power({{ real(0.5) }}, ({{ days }}) / {{ real(half_life) }})
        else 0
    end
{%- endmacro %}

{# Cast a number to double: Spark reads 30.0 as a decimal, and a division by a decimal keeps six digits only. #}
{% macro real(number) -%}
    cast({{ number }} as {{ dbt.type_float() }})
{%- endmacro %}

{# Parse a number in millionths, as an integer; NULL unless it is a finite number below ten thousand million. #}
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

{# Whether text is a number: first a fast test for JSON numbers, then one that accepts '+5', '.5', '5.' and '007' too. #}
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

{# Whether text is a number, by pattern: digits with point and sign, or a JSON number with an exponent. #}
{% macro default__is_number(text) -%}
    {%- set json_number = '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?[ \t\n\r]*' -%}
    {{ return(matches(text, '^( *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+) *|' ~ json_number ~ ')$')) }}
{%- endmacro %}

{# Cast numeric text to double. From ten thousand million on any such double is correct. #}
{% macro number_of(text) -%}
    {{ return(adapter.dispatch('number_of', 'tillsight')(text)) }}
{%- endmacro %}

{% macro default__number_of(text) -%}
    cast({{ text }} as {{ dbt.type_float() }})
{%- endmacro %}

{#
    PostgreSQL raises errors for doubles that are too large or too near 0, and for numerics with very many digits. Long
    texts go through numeric, unless the exponent alone decides.
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

{# 1 if text is present but not a number, else 0. #}
{% macro is_unreadable_number(text) -%}
    case when {{ read_micros(text) }} is null and {{ read_text(text) }} is not null then 1 else 0 end
{%- endmacro %}

{# Parse a whole number ('12', '12.0'); NULL unless it is a whole number below a thousand million. #}
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

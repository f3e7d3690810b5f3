{# A landed row as a JSON array of its columns. #}
{% macro row_as_text(columns) -%}
    {{ return(adapter.dispatch('row_as_text', 'tillsight')(columns)) }}
{%- endmacro %}

{% macro default__row_as_text(columns) -%}
    cast(json_array({{ columns | join(', ') }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro postgres__row_as_text(columns) -%}
    cast(json_build_array({{ columns | join(', ') }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro spark__row_as_text(columns) -%}
    to_json(array({{ columns | join(', ') }}))
{%- endmacro %}

{% macro sqlite__row_as_text(columns) -%}
    json_array({{ columns | join(', ') }})
{%- endmacro %}

{# The values of row_as_text separated by commas. A value with an @ may be an e-mail address and is hidden as a whole. #}
{% macro row_without_email(row_text) -%}
    {{ return(adapter.dispatch('row_without_email', 'tillsight')(row_text)) }}
{%- endmacro %}

{% macro duckdb__row_without_email(row_text) -%}
    array_to_string(
        [
            case when contains(value, '@') then '(e-mail hidden)' else coalesce(value, '') end
            for value in from_json({{ row_text }}, '["VARCHAR"]')
        ],
        ','
    )
{%- endmacro %}

{% macro postgres__row_without_email(row_text) -%}
    (
        select string_agg(
            case when position('@' in value) > 0 then '(e-mail hidden)' else coalesce(value, '') end, ',' order by place
        )
        from json_array_elements_text(cast({{ row_text }} as json)) with ordinality as listed (value, place)
    )
{%- endmacro %}

{% macro spark__row_without_email(row_text) -%}
    array_join(
        transform(
            from_json({{ row_text }}, 'array<string>'),
            value -> case when contains(value, '@') then '(e-mail hidden)' else coalesce(value, '') end
        ),
        ','
    )
{%- endmacro %}

{% macro sqlite__row_without_email(row_text) -%}
    (
        select group_concat(case when instr(value, '@') > 0 then '(e-mail hidden)' else coalesce(value, '') end, ',')
        from json_each({{ row_text }})
    )
{%- endmacro %}

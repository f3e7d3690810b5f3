{#
    Let unit tests give rows to ephemeral models, which dbt's own macro cannot: it asks the database for the columns
    of a table, and an ephemeral model has none. Then the columns are those that the rows name.
#}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- set types = column_name_to_data_types or {} -%}
    {%- if not types and not adapter.get_columns_in_relation(this) -%}
        {%- for row in rows -%}
            {%- for column in row -%}
                {%- do types.update({column: 'UNKNOWN'}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(dbt.get_fixture_sql(rows, types)) }}
{%- endmacro %}

{#
    A value of a unit test in a column whose type nobody knows, since its model is ephemeral, is what it looks like: a
    date, a time, or as it is written.
#}
{% macro default__safe_cast(field, type) -%}
    {%- if type != 'UNKNOWN' -%}
        cast({{ field }} as {{ type }})
    {%- elif modules.re.fullmatch("'[0-9]{4}-[0-9]{2}-[0-9]{2}'", field | string) -%}
        date {{ field }}
    {%- elif modules.re.fullmatch("'[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}'", field | string) -%}
        timestamp {{ field }}
    {%- else -%}
        {{ field }}
    {%- endif -%}
{%- endmacro %}

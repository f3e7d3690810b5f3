{#
    Fixture rows for ephemeral models. dbt reads the columns of a fixture from the database, where ephemeral models do not
    exist; here the columns are the ones that the rows name.
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

{# A fixture value of an ephemeral model has no declared type: dates and timestamps are recognised by their form. #}
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

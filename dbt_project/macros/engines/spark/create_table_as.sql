{#
    Cast columns to the types of their yml, with or without a contract. Spark tables have no keys and checks; data tests
    check them, and so does marts.db, to which the marts are copied.
#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
        {{ return(create_temporary_view(relation, compiled_code)) }}
    {%- endif -%}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(compiled_code) -%}
    {%- endif -%}
    create table {{ relation }} using parquet as
    {{ cast_to_declared_types(compiled_code, model.columns.values() | rejectattr('data_type', 'none')) }}
{%- endmacro %}

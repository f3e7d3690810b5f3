{# DuckDB tables have no keys here, so that ON CONFLICT is not available. #}
{% macro duckdb__record_results(tests, rows) -%}
    {%- call statement('record_results', auto_begin=true) -%}
        merge into {{ tests }} as listed
        using (
            {{ literal_rows(['test_name', 'kind', 'model', 'description', 'status'], rows) }}
        ) as ended
            on listed.test_name = ended.test_name
        when matched then update set status = ended.status
        when not matched then insert
    {%- endcall -%}
{%- endmacro %}

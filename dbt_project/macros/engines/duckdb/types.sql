{# 64-bit types as on SQLite: "float" and "integer" of DuckDB have 32 bits. #}
{% macro duckdb__type_int() -%} bigint {%- endmacro %}
{% macro duckdb__type_float() -%} double {%- endmacro %}

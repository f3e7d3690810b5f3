{# Type names that hold what they hold on SQLite: DuckDB's "float" has 32 bits, and so has its "integer". #}
{% macro duckdb__type_int() -%} bigint {%- endmacro %}
{% macro duckdb__type_float() -%} double {%- endmacro %}

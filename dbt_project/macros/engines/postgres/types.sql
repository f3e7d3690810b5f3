{# 64-bit integers as on SQLite: "integer" of PostgreSQL has 32 bits. #}
{% macro postgres__type_int() -%} bigint {%- endmacro %}

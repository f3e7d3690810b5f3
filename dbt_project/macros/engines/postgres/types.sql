{# A whole number has 64 bits, as on SQLite; PostgreSQL's "integer" has 32. #}
{% macro postgres__type_int() -%} bigint {%- endmacro %}

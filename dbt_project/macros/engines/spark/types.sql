{# Type names that hold what they hold on SQLite: Spark's "int" has 32 bits, and so has its "float". #}
{% macro spark__type_int() -%} bigint {%- endmacro %}
{% macro spark__type_float() -%} double {%- endmacro %}

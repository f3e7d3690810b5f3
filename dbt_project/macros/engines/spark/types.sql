{# 64-bit types as on SQLite: "int" and "float" of Spark have 32 bits. #}
{% macro spark__type_int() -%} bigint {%- endmacro %}
{% macro spark__type_float() -%} double {%- endmacro %}

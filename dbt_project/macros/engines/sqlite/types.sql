{# Type names with the right affinity on SQLite: a column of type "string" would be numeric. #}
{% macro sqlite__type_string() -%} text {%- endmacro %}
{% macro sqlite__type_int() -%} integer {%- endmacro %}
{% macro sqlite__type_float() -%} real {%- endmacro %}

{# Type names that SQLite gives the affinity they say: its "string", for one, is a number. #}
{% macro sqlite__type_string() -%} text {%- endmacro %}
{% macro sqlite__type_int() -%} integer {%- endmacro %}
{% macro sqlite__type_float() -%} real {%- endmacro %}

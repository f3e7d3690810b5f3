{#
    What ends a query whose columns are costly and used more than once. PostgreSQL writes the expression of a column into
    every place that uses it, unless the query has an OFFSET.
#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'tillsight')()) }}
{%- endmacro %}

{% macro default__computed_once() -%}
{%- endmacro %}

{% macro postgres__computed_once() -%}
    offset 0
{%- endmacro %}

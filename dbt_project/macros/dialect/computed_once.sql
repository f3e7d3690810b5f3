{#
    End of a subquery with costly columns that are used more than once. PostgreSQL inlines the expressions into each use
    unless the subquery has an OFFSET.
#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'tillsight')()) }}
{%- endmacro %}

{% macro default__computed_once() -%}
{%- endmacro %}

{% macro postgres__computed_once() -%}
    offset 0
{%- endmacro %}

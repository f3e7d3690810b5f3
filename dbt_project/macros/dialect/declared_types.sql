{# The columns of a table that declare no type that BI tools know. #}
{% macro columns_without_type(relation) %}
    {{ return(adapter.dispatch('columns_without_type', 'tillsight')(relation)) }}
{% endmacro %}

{% macro sqlite__columns_without_type(model) %}

select name

from pragma_table_info('{{ model.identifier }}', '{{ model.schema }}')

where type not in ('TEXT', 'INTEGER', 'REAL', 'DATE', 'DATETIME')

{% endmacro %}

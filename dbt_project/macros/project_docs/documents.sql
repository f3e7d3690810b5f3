{# The columns of the marts with type, unit and description, as rows of column_docs. #}
{% macro project_mart_columns() -%}
    {%- set rows = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) | sort(attribute='name') if node.resource_type == 'model' and project_layer(node) == 'marts' -%}
        {%- for column in node.columns.values() -%}
            {%- do rows.append([
                node.name, column.name, loop.index, column.data_type, column.meta.get('unit'), column.description | trim
            ]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# Landed tables, seeds and models with layer, description and SQL, as rows of table_docs. #}
{% macro project_tables() -%}
    {%- set rows = [] -%}
    {%- for node in project_nodes() -%}
        {%- do rows.append([
            node.name, project_layer(node), node.description | trim, (node.raw_code or '') | trim
        ]) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# Direct dependencies between tables, as rows of table_lineage. #}
{% macro project_lineage() -%}
    {%- set names = {} -%}
    {%- for node in project_nodes() -%}
        {%- do names.update({node.unique_id: node.name}) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for node in project_nodes() if node.resource_type == 'model' -%}
        {%- for parent in node.depends_on.nodes | unique | sort if parent in names -%}
            {%- do rows.append([names[parent], node.name]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# Landed tables, seeds and models in order of name. #}
{% macro project_nodes() -%}
    {%- set nodes = [] -%}
    {%- if execute -%}
        {%- do nodes.extend(graph.sources.values()) -%}
        {%- do nodes.extend(graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed'])) -%}
    {%- endif -%}
    {{ return(nodes | sort(attribute='name')) }}
{%- endmacro %}

{# Layer of a table: landed, seed, or the first folder of the model. #}
{% macro project_layer(node) -%}
    {{ return({'source': 'landed', 'seed': 'seed'}.get(node.resource_type, node.fqn[1])) }}
{%- endmacro %}

{# Relation of a model, seed or landed table in the database; none if it does not exist. #}
{% macro built_relation(name) -%}
    {%- set node = project_nodes() | selectattr('name', 'equalto', name) | first -%}
    {{ return(adapter.get_relation(database=node.database, schema=node.schema, identifier=name)) }}
{%- endmacro %}

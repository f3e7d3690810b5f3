{#
    dbt-spark drops a table before it builds the new one, so that readers and failed models find no table. Here the new
    table is built under another name and renamed when complete.
#}
{% materialization table, adapter='spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks) }}
    {%- do spark__replace_table(target_relation, compiled_code, 'main') -%}
    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Replace a table by the result of a query, which may read the same table. #}
{% macro spark__replace_table(relation, query, name='replace_table') -%}
    {%- set old_relation = load_cached_relation(relation) -%}
    {%- set identifier = relation.identifier ~ ('__new' if old_relation else '') -%}
    {%- set new_relation = relation.incorporate(path={'identifier': identifier}) -%}
    {%- if old_relation -%}
        {%- do run_query('drop table if exists ' ~ new_relation) -%}
    {%- endif -%}
    {%- call statement(name) -%}
        {{ create_table_as(false, new_relation, query) }}
    {%- endcall -%}
    {%- if old_relation -%}
        {%- do run_query('drop ' ~ old_relation.type ~ ' if exists ' ~ old_relation) -%}
        {%- do run_query('alter table ' ~ new_relation ~ ' rename to ' ~ relation) -%}
    {%- endif -%}
{%- endmacro %}

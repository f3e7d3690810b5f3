{#
    dbt-sqlite drops a table before it builds the new one, so that readers and failed models find no table. Here the new
    table is built under another name and renamed when complete.
#}
{% materialization table, adapter='sqlite' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set new_relation = this.incorporate(path={'identifier': this.identifier ~ '__new'}, type='table') -%}
    {%- set old_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do run_query('drop table if exists ' ~ new_relation) %}

    {% call statement('main') -%}
        {{ create_table_as(False, new_relation, sql) }}
    {%- endcall %}

    {% if old_relation is not none %}
        {% do run_query('drop ' ~ old_relation.type ~ ' if exists ' ~ old_relation) %}
    {% endif %}
    {# otherwise the rename would change the foreign keys of other tables #}
    {% do run_query('pragma legacy_alter_table = on') %}
    {% do run_query('alter table ' ~ new_relation ~ ' rename to "' ~ this.identifier ~ '"') %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#
    Model contracts on SQLite, which dbt-sqlite does not enforce.

    A model with an enforced contract is created from its yml: names, types, NOT NULL, PRIMARY KEY, UNIQUE, CHECK and
    FOREIGN KEY. SQLite accepts any value in any column, so each column also gets a CHECK of its type. The query must have
    exactly the columns of the yml.
#}
{% macro sqlite__create_table_as(temporary, relation, sql) -%}
    {%- set contract = config.get('contract') -%}
    {%- if contract and contract.enforced and not temporary -%}
        {%- do sqlite__assert_same_columns(sql) -%}
        {%- do run_query(sqlite__create_table_statement(relation)) -%}
        {%- set names = model.columns.keys() | join(', ') -%}
        insert into {{ relation }} ({{ names }}) select {{ names }} from ({{ sql }})
    {%- else -%}
        create {% if temporary %}temporary {% endif %}table {{ relation }} as {{ sql }}
    {%- endif -%}
{%- endmacro %}

{% macro sqlite__assert_same_columns(sql) -%}
    {%- do run_query('drop view if exists temp.contract_probe') -%}
    {%- do run_query('create temp view contract_probe as ' ~ sql) -%}
    {%- set actual = run_query('pragma temp.table_info(contract_probe)').columns[1].values() | list -%}
    {%- do run_query('drop view temp.contract_probe') -%}
    {%- do assert_same_columns(actual) -%}
{%- endmacro %}

{% macro sqlite__create_table_statement(relation) -%}
    create table {{ relation }} (
    {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }}
        {%- for constraint in column.constraints %} {{ sqlite__constraint(constraint) }}{% endfor %}
        {{- sqlite__content_check(column) }}{{ ',' if not loop.last or model.constraints }}
    {%- endfor %}
    {%- for constraint in model.constraints %}
        {{ sqlite__constraint(constraint) }}{{ ',' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}

{% macro sqlite__constraint(constraint) -%}
    {%- set kind = constraint.type.value | default(constraint.type) -%}
    {%- set columns = ' (' ~ constraint.columns | join(', ') ~ ')' if constraint.columns else '' -%}
    {%- if kind == 'not_null' -%}
        not null
    {%- elif kind == 'primary_key' -%}
        primary key{{ columns }}
    {%- elif kind == 'unique' -%}
        unique{{ columns }}
    {%- elif kind == 'check' -%}
        check ({{ constraint.expression }})
    {%- elif kind == 'foreign_key' -%}
        {%- set parent = constraint.to.split('.')[-1] | replace('"', '') -%}
        {{- 'foreign key' ~ columns ~ ' ' if columns -}} references {{ parent }} ({{ constraint.to_columns | join(', ') }})
    {%- else -%}
        {%- do exceptions.raise_compiler_error("model '" ~ model.name ~ "': constraint '" ~ kind ~ "' is not supported on SQLite") -%}
    {%- endif -%}
{%- endmacro %}

{% macro sqlite__content_check(column) -%}
    {%- set type = column.data_type | lower -%}
    {%- set name = column.name -%}
    {%- if type == 'date' %} check ({{ name }} is date({{ name }}, '+0 days'))
    {%- elif type == 'datetime' %} check ({{ name }} is datetime({{ name }}, '+0 days'))
    {%- elif type in ('text', 'integer', 'real') %} check (typeof({{ name }}) in ('{{ type }}', 'null'))
    {%- else -%}
        {%- do exceptions.raise_compiler_error(
            "model '" ~ model.name ~ "', column '" ~ name ~ "': type '" ~ column.data_type
            ~ "' is not one of TEXT, INTEGER, REAL, DATE, DATETIME"
        ) -%}
    {%- endif -%}
{%- endmacro %}

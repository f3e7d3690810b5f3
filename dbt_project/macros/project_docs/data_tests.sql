{# The data tests of the project, as rows of data_tests. #}
{% macro project_data_tests() -%}
    {%- set rows = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'test' -%}
        {%- do rows.append([node.name, 'data', test_subject(node), node.description or node.name | replace('_', ' '), 'not run']) -%}
    {%- endfor -%}
    {{ return(rows | sort) }}
{%- endmacro %}

{# The model of a test; empty for a test of several models. #}
{% macro test_subject(node) -%}
    {%- set attached = node.attached_node or '' -%}
    {{ return(attached.split('.')[-1]) }}
{%- endmacro %}

{# Write the test results of this run to data_tests and build_info. #}
{% macro record_test_results(results) -%}
    {%- if execute and flags.WHICH in ('build', 'test') -%}
        {%- set tests = built_relation('data_tests') -%}
        {%- set info = built_relation('build_info') -%}
        {%- set finished = results | selectattr('node.resource_type', 'in', ['test', 'unit_test']) | sort(attribute='node.name') -%}
        {%- if tests is not none and finished -%}
            {%- set rows = [] -%}
            {%- for result in finished -%}
                {%- do rows.append(test_result_row(result)) -%}
            {%- endfor -%}
            {%- do adapter.dispatch('record_results', 'tillsight')(tests, rows) -%}
            {%- if info is not none -%}
                {%- do adapter.dispatch('set_columns', 'tillsight')(info, {
                    'data_tests': "(select count(*) from " ~ tests ~ " where kind = 'data')",
                    'data_tests_passed': "(select count(*) from " ~ tests ~ " where kind = 'data' and status = 'pass')",
                    'build_fingerprint': 'null',
                }) -%}
            {%- endif -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Insert test results, or update the status of tests that have a row. #}
{% macro default__record_results(tests, rows) -%}
    {%- call statement('record_results', auto_begin=true) -%}
        insert into {{ tests }} (test_name, kind, model, description, status)
        {{- literal_values(rows) }}
        on conflict (test_name) do update set status = excluded.status
    {%- endcall -%}
{%- endmacro %}

{# Set columns of all rows of a table. #}
{% macro default__set_columns(relation, values) -%}
    {%- call statement('set_columns', auto_begin=true) -%}
        update {{ relation }} set
        {%- for column, value in values.items() %}
            {{ column }} = {{ value }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endcall -%}
{%- endmacro %}

{# A test result as a row of data_tests. #}
{% macro test_result_row(result) -%}
    {%- set node = result.node -%}
    {%- set is_unit = node.resource_type == 'unit_test' -%}
    {{ return([
        node.name,
        'unit' if is_unit else 'data',
        (node.tested_node_unique_id | default(node.model, true)).split('.')[-1] if is_unit else test_subject(node),
        (node.description or node.name | replace('_', ' ')) | trim,
        result.status | string,
    ]) }}
{%- endmacro %}

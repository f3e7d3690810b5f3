{# What d/m/yyyy means in the standard files; none where only YYYY-MM-DD is read. #}
{% macro standard_date_order() -%}
    {{ return(none if var('date_order') == 'iso' else var('date_order')) }}
{%- endmacro %}

{# The version of this project: the one in dbt_project.yml. #}
{% macro project_version() -%}
    {{ return(adapter.config.version) }}
{%- endmacro %}

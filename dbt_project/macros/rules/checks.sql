{# Stop with a sentence where the raw tables are missing: they are made by the first tillsight command. #}
{% macro require_raw_tables() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- if built_relation('raw_loads') is none or built_relation('raw_prediction_log') is none -%}
            {%- do exceptions.raise_compiler_error(
                "there are no raw tables of this version to read in " ~ place_of_raw_tables()
                ~ ". Type 'tillsight load FILE' to load a file, or 'tillsight load' to make them empty."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Where the raw tables lie, for a sentence. #}
{% macro place_of_raw_tables() -%}
    {{ return(adapter.dispatch('place_of_raw_tables', 'tillsight')()) }}
{%- endmacro %}

{% macro default__place_of_raw_tables() -%}
    {{ return("schema raw of database '" ~ target.database ~ "'") }}
{%- endmacro %}

{% macro duckdb__place_of_raw_tables() -%}
    {{ return(env_var('TILLSIGHT_DATA_DIR', '../data') ~ '/raw.duckdb') }}
{%- endmacro %}

{% macro spark__place_of_raw_tables() -%}
    {{ return("database raw of Spark's metastore") }}
{%- endmacro %}

{% macro sqlite__place_of_raw_tables() -%}
    {{ return(env_var('TILLSIGHT_DATA_DIR', '../data') ~ '/raw.db') }}
{%- endmacro %}

{# Stop with a sentence where a setting has a value that means nothing. #}
{% macro require_known_vars() -%}
    {%- set choices = {
        'scoring_method': ['ntile', 'rank'],
        'return_dating': ['return', 'order'],
        'duplicate_lines': ['keep', 'drop'],
        'date_order': ['iso', 'day_first', 'month_first'],
    } -%}
    {%- for name, values in choices.items() if var(name) not in values -%}
        {%- do exceptions.raise_compiler_error(
            "setting " ~ name ~ " is '" ~ var(name) ~ "'; it must be one of " ~ values | join(', ')
            ~ ". Mend it in dbt_project.yml."
        ) -%}
    {%- endfor -%}
    {%- for name in ['horizon_days', 'snapshot_count'] if var(name) is not integer or var(name) < 1 -%}
        {%- do exceptions.raise_compiler_error(
            "setting " ~ name ~ " is '" ~ var(name) ~ "'; it must be a whole number above 0. Mend it in dbt_project.yml."
        ) -%}
    {%- endfor -%}
    {%- if var('as_of_date') and not modules.re.fullmatch('(19|20|21)[0-9][0-9]-[01][0-9]-[0-3][0-9]', var('as_of_date') | string) -%}
        {%- do exceptions.raise_compiler_error(
            "setting as_of_date is '" ~ var('as_of_date') ~ "'; it must be a date like 2011-12-09. Mend it in dbt_project.yml."
        ) -%}
    {%- endif -%}
    {%- do require_contact_vars() -%}
{%- endmacro %}

{# Stop with a sentence where cost and benefit of a contact give no threshold between 0 and 1. #}
{% macro require_contact_vars() -%}
    {%- set cost, benefit = var('contact_cost'), var('contact_benefit') -%}
    {%- set are_numbers = cost is number and benefit is number and cost is not boolean and benefit is not boolean -%}
    {%- if not (cost is none and benefit is none) and not (are_numbers and 0 <= cost < benefit < 10000000000) -%}
        {%- do exceptions.raise_compiler_error(
            "setting contact_cost is " ~ tojson(cost) ~ " and contact_benefit is " ~ tojson(benefit)
            ~ "; both must be numbers, the cost 0 or more and below the benefit, or both null. Mend them in dbt_project.yml."
        ) -%}
    {%- endif -%}
{%- endmacro %}

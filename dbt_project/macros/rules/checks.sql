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

{# Stop with one message about all settings that are not allowed. #}
{% macro require_allowed_settings() -%}
    {%- if execute -%}
        {%- set faults = unknown_settings() + wrong_values() -%}
        {%- if not faults -%}
            {%- do faults.extend(wrong_combinations()) -%}
        {%- endif -%}
        {%- if faults -%}
            {%- do exceptions.raise_compiler_error(
                faults | join(' ') ~ " Correct it in the file of --vars, or in dbt_project.yml."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# A sentence for each variable of --vars that is not a setting. #}
{% macro unknown_settings() -%}
    {%- set faults, rules = [], setting_rules() -%}
    {%- for name in adapter.config.cli_vars if name not in rules -%}
        {%- do faults.append("There is no setting '" ~ name ~ "'; the settings are " ~ rules | join(', ') ~ ".") -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{# A sentence for each setting whose own value is not allowed. #}
{% macro wrong_values() -%}
    {%- set faults = [] -%}
    {%- for name, rule in setting_rules().items() if not is_allowed(rule, given_setting(name)) -%}
        {%- do faults.append(setting_fault(name, given_setting(name))) -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{# A sentence for each setting that does not go with another. #}
{% macro wrong_combinations() -%}
    {%- set faults = [] -%}
    {%- for name, lower in [('champions_from', 'loyal_from'), ('loyal_from', 'at_risk_from')] -%}
        {%- if given_setting(name) <= given_setting(lower) -%}
            {%- do faults.append(setting_fault(name, given_setting(name))) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set cost, benefit = given_setting('contact_cost'), given_setting('contact_benefit') -%}
    {%- if (cost is none) != (benefit is none) or (cost is not none and cost >= benefit) -%}
        {%- do faults.append(setting_fault('contact_cost', cost)) -%}
    {%- endif -%}
    {{ return(faults) }}
{%- endmacro %}

{# A sentence about a value that is not allowed. #}
{% macro setting_fault(name, value) -%}
    {{ return("Setting " ~ name ~ " is '" ~ value ~ "'; it must be " ~ setting_rules()[name].allowed ~ ".") }}
{%- endmacro %}

{# Whether the rule of a setting allows a value. #}
{% macro is_allowed(rule, value) -%}
    {%- if value is none -%}
        {{ return(rule.optional is true) }}
    {%- elif rule.kind == 'text' -%}
        {{ return(value is string and modules.re.fullmatch(rule.pattern, value) is not none) }}
    {%- elif rule.kind == 'date' -%}
        {{ return(is_date(value | string)) }}
    {%- endif -%}
    {%- set is_number = value is integer or (rule.kind == 'number' and value is float) -%}
    {{ return(is_number and rule.least <= value <= rule.most) }}
{%- endmacro %}

{# Whether a text is a day from 1900 to 2199, written YYYY-MM-DD. #}
{% macro is_date(text) -%}
    {%- if not modules.re.fullmatch('(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-[0-9]{2}', text) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set first = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) -%}
    {%- set next_month = (first + modules.datetime.timedelta(days=31)).replace(day=1) -%}
    {{ return(1 <= text[8:] | int <= (next_month - first).days) }}
{%- endmacro %}

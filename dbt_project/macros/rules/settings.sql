{#
    The settings of a shop: what each means and which values it allows. Their defaults are the vars of dbt_project.yml.
    scripts/shop_settings.py reads this JSON as well. `kind` is text (matches `pattern`), date, whole or number (from
    `least` to `most`); `optional` allows null.
#}
{% macro setting_rules() -%}
    {%- set rules -%}
{
    "shop_name": {
        "meaning": "Name of the shop on the page.",
        "kind": "text", "pattern": "(?=.*\\S)[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]{1,80}",
        "allowed": "one line of 1 to 80 characters, not blank"
    },
    "as_of_date": {
        "meaning": "Last observed day; null is the day of the latest kept line.",
        "kind": "date", "optional": true,
        "allowed": "a date like 2011-12-09, from 1900 to 2199, or null"
    },
    "horizon_days": {
        "meaning": "Days that a forecast looks ahead, and days between two snapshots.",
        "kind": "whole", "least": 1, "most": 730,
        "allowed": "a whole number from 1 to 730"
    },
    "snapshot_count": {
        "meaning": "Number of snapshots, the latest included.",
        "kind": "whole", "least": 1, "most": 400,
        "allowed": "a whole number from 1 to 400"
    },
    "scoring_method": {
        "meaning": "ntile cuts customers into four groups of equal size; rank gives equal customers equal scores.",
        "kind": "text", "pattern": "ntile|rank",
        "allowed": "ntile or rank"
    },
    "champions_from": {
        "meaning": "Lowest sum of the three scores (3 to 12) of Champions.",
        "kind": "whole", "least": 4, "most": 12,
        "allowed": "a whole number from 4 to 12, above loyal_from"
    },
    "loyal_from": {
        "meaning": "Lowest sum of the three scores of Loyal.",
        "kind": "whole", "least": 4, "most": 12,
        "allowed": "a whole number from 4 to 12, above at_risk_from"
    },
    "at_risk_from": {
        "meaning": "Lowest sum of the three scores of At-Risk; customers below it are Lost.",
        "kind": "whole", "least": 4, "most": 12,
        "allowed": "a whole number from 4 to 12, below loyal_from"
    },
    "return_dating": {
        "meaning": "return counts a return on its own day; order counts it on the day of the sale that it takes back.",
        "kind": "text", "pattern": "return|order",
        "allowed": "return or order"
    },
    "duplicate_lines": {
        "meaning": "keep counts equal lines of one order as separate sales; drop counts the first alone.",
        "kind": "text", "pattern": "keep|drop",
        "allowed": "keep or drop"
    },
    "reporting_currency": {
        "meaning": "The one currency that is added up; null is the currency of most lines.",
        "kind": "text", "pattern": "[A-Z]{3}", "optional": true,
        "allowed": "three capital letters like GBP, or null"
    },
    "date_order": {
        "meaning": "Dates in files of the standard format: iso reads YYYY-MM-DD alone; the others also read 3/4/2024.",
        "kind": "text", "pattern": "iso|day_first|month_first",
        "allowed": "iso, day_first or month_first"
    },
    "contact_cost": {
        "meaning": "Cost of contacting a customer, in the reporting currency; null labels by the highest F1.",
        "kind": "number", "least": 0, "most": 9999999999, "optional": true,
        "allowed": "a number from 0 to 9999999999, below contact_benefit, or null like contact_benefit"
    },
    "contact_benefit": {
        "meaning": "Value of an order of a contacted customer; label 1 from a probability of cost / benefit on.",
        "kind": "number", "least": 0, "most": 9999999999, "optional": true,
        "allowed": "a number from 0 to 9999999999, above contact_cost, or null like contact_cost"
    }
}
    {%- endset -%}
    {{ return(fromjson(rules)) }}
{%- endmacro %}

{# The value of a setting, which is data: `var` alone would render Jinja in it. Models read settings by this macro alone. #}
{% macro setting(name) -%}
    {%- set given = given_setting(name) -%}
    {#- `var` knows the overrides of unit tests -#}
    {%- set value = given if given is string and ('{' in given or '}' in given) else var(name) -%}
    {%- if execute and not is_allowed(setting_rules()[name], value) -%}
        {%- do exceptions.raise_compiler_error(setting_fault(name, value)) -%}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{# A setting as written in --vars or in dbt_project.yml. #}
{% macro given_setting(name) -%}
    {%- set defaults = adapter.config.vars.to_dict() -%}
    {{ return(adapter.config.cli_vars[name] if name in adapter.config.cli_vars else defaults[name]) }}
{%- endmacro %}

{# What d/m/yyyy means in files of the standard format; none where only YYYY-MM-DD is read. #}
{% macro standard_date_order() -%}
    {{ return(none if setting('date_order') == 'iso' else setting('date_order')) }}
{%- endmacro %}

{# The version of this project: the one in dbt_project.yml. #}
{% macro project_version() -%}
    {{ return(adapter.config.version) }}
{%- endmacro %}

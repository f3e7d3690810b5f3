{#
    The quartile that a customer falls into, 1 to 4, 4 best.

    `value` orders from worst to best. With `scoring_method: ntile` the customers are cut into four groups of equal
    size in the order of `value`, then `ties`, whose last key is unique. With `rank` only `value` counts: equals share a
    score, at the price of groups of unequal size. `within` names a column whose values are scored apart.
#}
{% macro quartile(value, ties, within=none) -%}
    {%- set partition = 'partition by ' ~ within ~ ' ' if within else '' -%}
    {%- if setting('scoring_method') == 'rank' -%}
    1 + {{ least('3', divide_whole(
        '((rank() over (' ~ partition ~ 'order by ' ~ value ~ ') - 1) * 4)', 'count(*) over (' ~ partition | trim ~ ')'
    )) }}
    {%- else -%}
    ntile(4) over ({{ partition }}order by {{ value }}, {{ ties }})
    {%- endif -%}
{%- endmacro %}

{#
    The score that a customer would have had among others: that of the best of them who is no better. `score` is the
    others' score and NULL for the customers in question; `value` and `ties` are those of `quartile`.
#}
{% macro quartile_reached(score, value, ties) -%}
    {%- set keys = value if setting('scoring_method') == 'rank' else value ~ ', ' ~ ties -%}
    coalesce(max({{ score }}) over (order by {{ keys }}), 1)
{%- endmacro %}

{# The segment that a sum of the three scores falls into. #}
{% macro segment_of(overall_rfm_score) -%}
    case
        when {{ overall_rfm_score }} >= {{ setting('champions_from') }} then 'Champions'
        when {{ overall_rfm_score }} >= {{ setting('loyal_from') }} then 'Loyal'
        when {{ overall_rfm_score }} >= {{ setting('at_risk_from') }} then 'At-Risk'
        else 'Lost'
    end
{%- endmacro %}

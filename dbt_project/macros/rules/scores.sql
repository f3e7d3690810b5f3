{#
    Customers ordered from worst to best by one measure. The second key breaks ties; the id makes the order unique and
    the scores reproducible.
#}
{% macro worst_to_best(measure) -%}
    {{ return({
        'recency': ['recency desc', 'frequency asc', 'customer_id asc'],
        'frequency': ['frequency asc', 'recency desc', 'customer_id asc'],
        'monetary': ['monetary_minor asc', 'recency desc', 'customer_id asc'],
    }[measure]) }}
{%- endmacro %}

{# The keys that decide a score: with scoring_method 'rank' the measure alone, so that equal values share a score. #}
{% macro score_order(measure) -%}
    {{ return((worst_to_best(measure)[:1] if setting('scoring_method') == 'rank' else worst_to_best(measure)) | join(', ')) }}
{%- endmacro %}

{#
    The quartile of a customer within a snapshot by one measure, 1 to 4, 4 best. `ntile` makes four groups of equal size;
    `rank` makes groups of unequal size, because equal values share a score.
#}
{% macro rfm_score(measure) -%}
    {%- set snapshot = 'partition by snapshot_number' -%}
    {%- if setting('scoring_method') == 'rank' -%}
    1 + {{ least('3', divide_whole(
        '((rank() over (' ~ snapshot ~ ' order by ' ~ score_order(measure) ~ ') - 1) * 4)', 'count(*) over (' ~ snapshot ~ ')'
    )) }}
    {%- else -%}
    ntile(4) over ({{ snapshot }} order by {{ score_order(measure) }})
    {%- endif -%}
{%- endmacro %}

{#
    The score of a customer by the cut points of other customers: the score of the best of them who is no better, at
    least 1. `other_score` is the score of those others, and NULL for the customers to be scored.
#}
{% macro rfm_score_by_cut_points(measure, other_score) -%}
    coalesce(max({{ other_score }}) over (order by {{ score_order(measure) }}), 1)
{%- endmacro %}

{# The segment of a sum of the three scores. #}
{% macro segment_of(overall_rfm_score) -%}
    case
        when {{ overall_rfm_score }} >= {{ setting('champions_from') }} then 'Champions'
        when {{ overall_rfm_score }} >= {{ setting('loyal_from') }} then 'Loyal'
        when {{ overall_rfm_score }} >= {{ setting('at_risk_from') }} then 'At-Risk'
        else 'Lost'
    end
{%- endmacro %}

{{ config(materialized='ephemeral') }}

with

scores as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 0

),

previous_scores as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 1

),

segment_actions as (

    select * from {{ ref('segment_actions') }}

    where level = 'segment_detail'

),

-- The range of values that share the customer's score.
with_ranges as (

    select
        *,
        min(recency) over same_recency_score as recency_lowest,
        max(recency) over same_recency_score as recency_highest,
        min(frequency) over same_frequency_score as frequency_lowest,
        max(frequency) over same_frequency_score as frequency_highest,
        min(monetary_minor) over same_monetary_score as monetary_lowest_minor,
        max(monetary_minor) over same_monetary_score as monetary_highest_minor

    from scores

    window
        same_recency_score as (partition by recency_score),
        same_frequency_score as (partition by frequency_score),
        same_monetary_score as (partition by monetary_score)

),

joined as (

    select
        with_ranges.*,
        previous_scores.segment as previous_segment,
        segment_actions.recommended_action

    from with_ranges

    left join previous_scores
        on with_ranges.customer_id = previous_scores.customer_id

    left join segment_actions
        on with_ranges.segment_detail = segment_actions.segment

)

select * from joined

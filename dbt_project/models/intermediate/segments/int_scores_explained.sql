{{ config(materialized='ephemeral') }}

with

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

score_thresholds as (

    select * from {{ ref('score_thresholds') }}

),

snapshots_scored as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 1

),

segment_actions as (

    select * from {{ ref('segment_actions') }}

    where level = 'segment_detail'

),

explained as (

    select
        rfm_scores.customer_id,
        rfm_scores.recency,
        rfm_scores.frequency,
        rfm_scores.monetary,
        rfm_scores.recency_score,
        rfm_scores.frequency_score,
        rfm_scores.monetary_score,
        rfm_scores.overall_rfm_score,
        rfm_scores.segment,
        rfm_scores.calculated_date,
        rfm_scores.rfm_cell,
        rfm_scores.segment_detail,
        snapshots_scored.segment as previous_segment,
        recency_range.lowest_value as recency_lowest,
        recency_range.highest_value as recency_highest,
        frequency_range.lowest_value as frequency_lowest,
        frequency_range.highest_value as frequency_highest,
        monetary_range.lowest_value as monetary_lowest,
        monetary_range.highest_value as monetary_highest,
        segment_actions.recommended_action

    from rfm_scores

    left join snapshots_scored
        on rfm_scores.customer_id = snapshots_scored.customer_id

    left join score_thresholds as recency_range
        on
            rfm_scores.recency_score = recency_range.score
            and recency_range.measure = 'recency'

    left join score_thresholds as frequency_range
        on
            rfm_scores.frequency_score = frequency_range.score
            and frequency_range.measure = 'frequency'

    left join score_thresholds as monetary_range
        on
            rfm_scores.monetary_score = monetary_range.score
            and monetary_range.measure = 'monetary'

    left join segment_actions
        on rfm_scores.segment_detail = segment_actions.segment

)

select * from explained

-- The latest snapshot of the history is rfm_scores, customer by customer.
with

latest as (

    select * from {{ ref('int_snapshots_scored') }}

    where snapshot_number = 0

)

select
    rfm_scores.customer_id,
    latest.customer_id as customer_in_history

from {{ ref('rfm_scores') }} as rfm_scores

full join latest
    on rfm_scores.customer_id = latest.customer_id

where
    rfm_scores.customer_id is null
    or latest.customer_id is null
    or rfm_scores.recency_score <> latest.recency_score
    or rfm_scores.frequency_score <> latest.frequency_score
    or rfm_scores.monetary_score <> latest.monetary_score
    or rfm_scores.segment <> latest.segment
    or rfm_scores.segment_detail <> latest.segment_detail

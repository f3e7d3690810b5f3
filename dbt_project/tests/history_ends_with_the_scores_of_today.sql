-- The latest snapshot of the history is rfm_scores, customer by customer: each row stands in both.
with

paired as (

    select
        customer_id,
        recency_score,
        frequency_score,
        monetary_score,
        segment,
        segment_detail

    from {{ ref('rfm_scores') }}

    union all

    select
        customer_id,
        recency_score,
        frequency_score,
        monetary_score,
        segment,
        segment_detail

    from {{ ref('int_rfm_scores') }}

    where snapshot_number = 0

)

select
    customer_id,
    recency_score,
    frequency_score,
    monetary_score,
    segment,
    segment_detail

from paired

group by
    customer_id,
    recency_score,
    frequency_score,
    monetary_score,
    segment,
    segment_detail

having count(*) <> 2

{{ config(post_hook="{{ create_index('idx_rfm_segment', ['segment']) }}") }}

with

scores as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 0

),

published as (

    select
        customer_id,
        recency,
        frequency,
        {{ money('monetary_minor') }} as monetary,
        recency_score,
        frequency_score,
        monetary_score,
        overall_rfm_score,
        segment,
        as_of_date as calculated_date,
        rfm_cell,
        segment_detail

    from scores

)

select * from published

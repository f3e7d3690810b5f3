{{ config(post_hook="{{ create_index('int_rfm_scores_key', ['snapshot_number', 'customer_id'], unique=true) }}") }}

with

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

scored as (

    select
        customer_id,
        snapshot_number,
        as_of_date,
        recency,
        frequency,
        monetary_minor,
        {{ rfm_score('recency') }} as recency_score,
        {{ rfm_score('frequency') }} as frequency_score,
        {{ rfm_score('monetary') }} as monetary_score

    from customer_snapshots

),

summed as (

    select
        *,
        recency_score + frequency_score + monetary_score as overall_rfm_score,
        cast(recency_score * 100 + frequency_score * 10 + monetary_score as {{ dbt.type_string() }}) as rfm_cell

    from scored

),

segmented as (

    select
        summed.*,
        {{ segment_of('summed.overall_rfm_score') }} as segment,
        segment_map.segment_detail

    from summed

    left join segment_map
        on
            summed.recency_score = segment_map.recency_score
            and summed.frequency_score = segment_map.frequency_score
            and summed.monetary_score = segment_map.monetary_score

)

select * from segmented

with

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

-- The scores of rfm_scores, at every snapshot.
scored as (

    select
        customer_id,
        snapshot_number,
        as_of_date,
        recency,
        frequency,
        monetary_minor,
        {{ quartile('recency desc', 'frequency asc, customer_id asc', within='snapshot_number') }} as recency_score,
        {{ quartile('frequency asc', 'recency desc, customer_id asc', within='snapshot_number') }} as frequency_score,
        {{ quartile('monetary_minor asc', 'recency desc, customer_id asc', within='snapshot_number') }}
            as monetary_score

    from customer_snapshots

),

segmented as (

    select
        scored.customer_id,
        scored.snapshot_number,
        scored.as_of_date,
        scored.recency,
        scored.frequency,
        scored.monetary_minor,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score,
        {{ segment_of('scored.recency_score + scored.frequency_score + scored.monetary_score') }} as segment,
        segment_map.segment_detail

    from scored

    left join segment_map
        on
            scored.recency_score = segment_map.recency_score
            and scored.frequency_score = segment_map.frequency_score
            and scored.monetary_score = segment_map.monetary_score

)

select * from segmented

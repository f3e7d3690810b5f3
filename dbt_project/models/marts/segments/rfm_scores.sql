{{ config(post_hook="{{ create_index('idx_rfm_segment', ['segment']) }}") }}

with

customers_today as (

    select * from {{ ref('int_customer_snapshots') }}

    where snapshot_number = 0

),

segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

-- A score is ntile(4) over the customers from worst to best, so that 4 is best. Customers who are
-- equal are told apart by the next key, at last by their id: the choice is arbitrary, but a rerun
-- makes it again. With scoring_method 'rank' equals share a score instead (macros/rules/scores.sql).
scored as (

    select
        customer_id,
        as_of_date,
        recency,
        frequency,
        monetary_minor,
        {{ quartile('recency desc', 'frequency asc, customer_id asc') }} as recency_score,
        {{ quartile('frequency asc', 'recency desc, customer_id asc') }} as frequency_score,
        {{ quartile('monetary_minor asc', 'recency desc, customer_id asc') }} as monetary_score

    from customers_today

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
        summed.customer_id,
        summed.recency,
        summed.frequency,
        {{ money('summed.monetary_minor') }} as monetary,
        summed.recency_score,
        summed.frequency_score,
        summed.monetary_score,
        summed.overall_rfm_score,
        {{ segment_of('summed.overall_rfm_score') }} as segment,
        summed.as_of_date as calculated_date,
        summed.rfm_cell,
        segment_map.segment_detail

    from summed

    left join segment_map
        on
            summed.recency_score = segment_map.recency_score
            and summed.frequency_score = segment_map.frequency_score
            and summed.monetary_score = segment_map.monetary_score

)

select * from segmented

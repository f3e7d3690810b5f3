{{ config(materialized='ephemeral') }}

with

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

    where snapshot_number = 0

),

predictions as (

    select * from {{ ref('predictions') }}

),

-- What a customer usually spends within a horizon: the net revenue so far, spread over the time since the first order.
valued as (

    select
        rfm_scores.customer_id,
        rfm_scores.segment,
        rfm_scores.segment_detail,
        rfm_scores.recency,
        rfm_scores.frequency,
        customer_snapshots.monetary_minor,
        customer_snapshots.gross_minor,
        predictions.purchase_probability,
        {{ greatest('customer_snapshots.monetary_minor', '0') }} * {{ setting('horizon_days') }}.0 / {{ greatest(
            'customer_snapshots.as_of_day - customer_snapshots.first_order_day', setting('horizon_days')
        ) }} as usual_spend_minor

    from rfm_scores

    inner join customer_snapshots
        on rfm_scores.customer_id = customer_snapshots.customer_id

    left join predictions
        on rfm_scores.customer_id = predictions.customer_id

)

select * from valued

{{ config(materialized='ephemeral') }}

with

scores as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 0

),

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

    where snapshot_number = 0

),

predictions as (

    select * from {{ ref('int_current_predictions') }}

),

-- Usual spend within a horizon: net revenue to date, spread evenly over the time since the first order.
valued as (

    select
        scores.customer_id,
        scores.segment,
        scores.segment_detail,
        scores.recency,
        scores.frequency,
        scores.monetary_minor,
        customer_snapshots.gross_minor,
        predictions.purchase_probability,
        {{ greatest('scores.monetary_minor', '0') }} * {{ setting('horizon_days') }}.0 / {{ greatest(
            'customer_snapshots.as_of_day - customer_snapshots.first_order_day', setting('horizon_days')
        ) }} as usual_spend_minor

    from scores

    inner join customer_snapshots
        on scores.customer_id = customer_snapshots.customer_id

    left join predictions
        on scores.customer_id = predictions.customer_id

)

select * from valued

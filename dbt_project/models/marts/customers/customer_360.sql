with

customers as (

    select * from {{ ref('customers') }}

),

lifetimes as (

    select * from {{ ref('int_customer_days') }}

    where next_day = {{ day_after_all() }}

),

customer_snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

    where snapshot_number = 0

),

scores as (

    select * from {{ ref('int_current_scores') }}

),

predictions as (

    select * from {{ ref('predictions') }}

),

joined as (

    select
        customers.customer_id,
        customers.name,
        customers.country,
        customers.signup_date,

        -- lifetime
        {{ date_from_day_number('customer_snapshots.first_order_day') }} as first_order_date,
        {{ date_from_day_number('customer_snapshots.last_order_day') }} as last_order_date,
        coalesce(scores.frequency, 0) as order_count,
        coalesce(lifetimes.returned_lines_so_far, 0) as return_count,
        {{ money('coalesce(lifetimes.gross_minor_so_far, 0)') }} as gross_revenue,
        {{ money('coalesce(lifetimes.returned_minor_so_far, 0)') }} as returned_amount,
        {{ money('coalesce(lifetimes.net_minor_so_far, 0)') }} as net_revenue,
        {{ money_per('lifetimes.gross_minor_so_far', 'scores.frequency') }} as average_order_value,
        customer_snapshots.mean_gap_days,

        -- scores and the range of values behind each
        scores.recency,
        scores.frequency,
        {{ money('scores.monetary_minor') }} as monetary,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        scores.overall_rfm_score,
        scores.rfm_cell,
        scores.segment,
        scores.segment_detail,
        scores.previous_segment,
        scores.recency_lowest,
        scores.recency_highest,
        scores.frequency_lowest,
        scores.frequency_highest,
        {{ money('scores.monetary_lowest_minor') }} as monetary_lowest,
        {{ money('scores.monetary_highest_minor') }} as monetary_highest,

        -- prediction
        predictions.purchase_probability,
        predictions.predicted_label,
        predictions.confidence,
        predictions.prediction_date,
        predictions.reasons,
        scores.recommended_action

    from customers

    left join lifetimes
        on customers.customer_id = lifetimes.customer_id

    left join customer_snapshots
        on customers.customer_id = customer_snapshots.customer_id

    left join scores
        on customers.customer_id = scores.customer_id

    left join predictions
        on customers.customer_id = predictions.customer_id

)

select * from joined

{{ config(materialized='ephemeral') }}

with

customer_values as (

    select * from {{ ref('int_customer_values') }}

),

runs as (

    select * from {{ ref('model_runs') }}

),

curves as (

    select * from {{ ref('model_curves') }}

),

-- By how much the model in use missed the number of buyers of its last whole window, as a share.
missed as (

    select abs(sum((curves.y - curves.x) * curves.row_count)) / nullif(sum(curves.x * curves.row_count), 0) as share

    from curves

    inner join runs
        on
            curves.model_run_id = runs.model_run_id
            and curves.model = runs.chosen_model

    where curves.curve = 'calibration' and runs.is_in_use = 1

),

-- Chance alone keeps the number within 1.645 standard deviations nine times in ten, if customers
-- decide apart from each other; the level may be off as well, as it was on that window.
expected as (

    select
        0 as snapshot_number,
        sum(customer_values.purchase_probability) as buyers,
        sqrt(
            1.645 * 1.645 * sum(customer_values.purchase_probability * (1 - customer_values.purchase_probability))
            + power(coalesce(max(missed.share), 0.0) * sum(customer_values.purchase_probability), 2)
        ) as margin,
        sum((1 - customer_values.purchase_probability) * customer_values.usual_spend_minor) as revenue_at_risk_minor

    from customer_values

    cross join missed

)

select * from expected

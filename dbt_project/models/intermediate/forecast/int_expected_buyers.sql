{{ config(materialized='ephemeral') }}

with

customer_values as (

    select * from {{ ref('int_customer_values') }}

),

run_in_use as (

    select * from {{ ref('int_model_run_in_use') }}

),

curves as (

    select * from {{ ref('stg_ml__model_curves') }}

),

-- Relative error of the expected number of buyers in the last complete window of the model in use.
window_error as (

    select abs(sum((curves.y - curves.x) * curves.row_count)) / nullif(sum(curves.x * curves.row_count), 0) as share

    from curves

    inner join run_in_use
        on
            curves.model_run_id = run_in_use.model_run_id
            and curves.model = run_in_use.chosen_model

    where curves.curve = 'calibration'

),

-- 1.645 standard deviations are a 90% interval if customers decide independently; the error of the last window is
-- added, because the level of the probabilities can be off as well.
expected as (

    select
        0 as snapshot_number,
        sum(customer_values.purchase_probability) as buyers,
        sqrt(
            1.645 * 1.645 * sum(customer_values.purchase_probability * (1 - customer_values.purchase_probability))
            + power(coalesce(max(window_error.share), 0.0) * sum(customer_values.purchase_probability), 2)
        ) as margin,
        sum((1 - customer_values.purchase_probability) * customer_values.usual_spend_minor) as revenue_at_risk_minor

    from customer_values

    cross join window_error

)

select * from expected

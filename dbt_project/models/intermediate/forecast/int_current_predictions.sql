{{ config(materialized='ephemeral') }}

with

predictions as (

    select * from {{ ref('stg_ml__predictions') }}

),

scores as (

    select * from {{ ref('int_rfm_scores') }}

    where snapshot_number = 0

),

-- A prediction made at another as-of date is out of date.
current_only as (

    select predictions.*

    from predictions

    inner join scores
        on
            predictions.customer_id = scores.customer_id
            and predictions.prediction_date = scores.as_of_date

)

select * from current_only

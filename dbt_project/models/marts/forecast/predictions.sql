with

scored_by_model as (

    select * from {{ ref('stg_ml__predictions') }}

),

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

-- A prediction belongs to the day on which it was made: one of another as-of date is not shown.
current_only as (

    select
        scored_by_model.customer_id,
        scored_by_model.purchase_probability,
        scored_by_model.predicted_label,
        scored_by_model.confidence,
        scored_by_model.prediction_date,
        scored_by_model.model_run_id,
        scored_by_model.reasons

    from scored_by_model

    inner join rfm_scores
        on
            scored_by_model.customer_id = rfm_scores.customer_id
            and scored_by_model.prediction_date = rfm_scores.calculated_date

)

select * from current_only

with

predictions as (

    select * from {{ ref('int_current_predictions') }}

),

published as (

    select
        customer_id,
        purchase_probability,
        predicted_label,
        confidence,
        prediction_date,
        model_run_id,
        reasons

    from predictions

)

select * from published

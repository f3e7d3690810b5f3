with

metrics as (

    select * from {{ ref('stg_ml__model_metrics') }}

),

published as (

    select
        model_run_id,
        split,
        as_of_date,
        model,
        slice,
        metric,
        value,
        low,
        high

    from metrics

)

select * from published

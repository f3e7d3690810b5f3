with

metrics as (

    select * from {{ ref('stg_ml__model_metrics') }}

),

listed as (

    select
        model_run_id,
        split,
        model,
        slice,
        metric,
        value

    from metrics

)

select * from listed

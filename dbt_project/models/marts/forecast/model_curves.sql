with

curves as (

    select * from {{ ref('stg_ml__model_curves') }}

),

published as (

    select
        model_run_id,
        model,
        curve,
        point,
        x,
        y,
        row_count

    from curves

)

select * from published

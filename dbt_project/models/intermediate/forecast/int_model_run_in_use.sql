{{ config(materialized='ephemeral') }}

with

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

-- The pinned run, or else the latest.
ranked as (

    select
        model_run_id,
        chosen_model,
        row_number() over (order by is_pinned desc, run_number desc, model_run_id asc) as run_rank

    from runs

),

in_use as (

    select
        model_run_id,
        chosen_model

    from ranked

    where run_rank = 1

)

select * from in_use

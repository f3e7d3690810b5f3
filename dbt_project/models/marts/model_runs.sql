with

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

ranked as (

    select
        *,
        row_number() over (order by run_number desc, model_run_id asc) as run_rank

    from runs

),

listed as (

    select
        model_run_id,
        run_number,
        case when run_rank = 1 then 1 else 0 end as is_latest,
        status,
        message,
        as_of_date,
        horizon_days,
        chosen_model,
        threshold,
        training_rows,
        training_windows,
        first_training_date,
        last_training_date,
        evaluated_as_of_date,
        evaluation_rows,
        base_rate,
        feature_names,
        library_versions,
        data_fingerprint

    from ranked

)

select * from listed

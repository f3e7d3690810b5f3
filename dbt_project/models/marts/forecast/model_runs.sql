with

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

-- The run that was chosen by hand comes first; where none was, the latest.
ranked as (

    select
        *,
        row_number() over (order by is_pinned desc, run_number desc, model_run_id asc) as run_rank

    from runs

),

listed as (

    select
        model_run_id,
        run_number,
        case when run_rank = 1 then 1 else 0 end as is_in_use,
        is_pinned,
        status,
        message,
        verdict,
        verdict_reason,
        verdict_rules,
        as_of_date,
        horizon_days,
        chosen_model,
        threshold,
        threshold_rule,
        training_rows,
        training_windows,
        first_training_date,
        last_training_date,
        evaluated_as_of_date,
        evaluation_rows,
        base_rate,
        windows,
        feature_names,
        settings,
        library_versions,
        data_fingerprint,
        card

    from ranked

)

select * from listed

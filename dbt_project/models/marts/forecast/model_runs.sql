with

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

run_in_use as (

    select * from {{ ref('int_model_run_in_use') }}

),

published as (

    select
        runs.model_run_id,
        runs.run_number,
        case when run_in_use.model_run_id is not null then 1 else 0 end as is_in_use,
        runs.is_pinned,
        runs.status,
        runs.message,
        runs.verdict,
        runs.verdict_reason,
        runs.verdict_rules,
        runs.as_of_date,
        runs.horizon_days,
        runs.chosen_model,
        runs.threshold,
        runs.threshold_rule,
        runs.training_rows,
        runs.training_windows,
        runs.first_training_date,
        runs.last_training_date,
        runs.evaluated_as_of_date,
        runs.evaluation_rows,
        runs.base_rate,
        runs.windows,
        runs.feature_names,
        runs.settings,
        runs.library_versions,
        runs.data_fingerprint,
        runs.card

    from runs

    left join run_in_use
        on runs.model_run_id = run_in_use.model_run_id

)

select * from published

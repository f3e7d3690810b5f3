with

source as (

    select * from {{ source('ml', 'raw_model_runs') }}

),

renamed as (

    select
        -- ids
        model_run_id,

        -- strings
        status,
        message,
        verdict,
        verdict_reason,
        verdict_rules,
        chosen_model,
        threshold_rule,
        windows,
        feature_names,
        settings,
        library_versions,
        data_fingerprint,
        card,

        -- numerics
        run_number,
        horizon_days,
        threshold,
        training_rows,
        training_windows,
        evaluation_rows,
        base_rate,

        -- booleans
        is_pinned,

        -- dates
        {{ date_from_text('as_of_date') }} as as_of_date,
        {{ date_from_text('first_training_date') }} as first_training_date,
        {{ date_from_text('last_training_date') }} as last_training_date,
        {{ date_from_text('evaluated_as_of_date') }} as evaluated_as_of_date

    from source

)

select * from renamed

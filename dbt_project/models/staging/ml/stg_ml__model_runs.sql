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
        chosen_model,
        feature_names,
        library_versions,
        data_fingerprint,

        -- numerics
        run_number,
        horizon_days,
        threshold,
        training_rows,
        training_windows,
        evaluation_rows,
        base_rate,

        -- dates
        as_of_date,
        first_training_date,
        last_training_date,
        evaluated_as_of_date

    from source

)

select * from renamed

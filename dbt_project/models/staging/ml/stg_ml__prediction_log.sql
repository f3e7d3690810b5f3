with

source as (

    select * from {{ source('ml', 'raw_prediction_log') }}

),

renamed as (

    select
        -- ids
        model_run_id,
        customer_id,

        -- numerics
        log_number,
        horizon_days,
        purchase_probability,
        predicted_label,

        -- dates
        {{ date_from_text('prediction_date') }} as prediction_date

    from source

)

select * from renamed

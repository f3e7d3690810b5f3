with

source as (

    select * from {{ source('ml', 'raw_predictions') }}

),

renamed as (

    select
        -- ids
        model_run_id,
        customer_id,

        -- strings
        reasons,

        -- numerics
        purchase_probability,
        predicted_label,
        confidence,

        -- dates
        {{ date_from_text('prediction_date') }} as prediction_date

    from source

)

select * from renamed

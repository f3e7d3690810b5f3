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
        prediction_date

    from source

)

select * from renamed

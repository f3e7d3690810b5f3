with

source as (

    select * from {{ source('ml', 'raw_model_metrics') }}

),

renamed as (

    select
        -- ids
        model_run_id,

        -- strings
        split,
        model,
        slice,
        metric,

        -- numerics
        value,
        low,
        high,

        -- dates
        {{ date_from_text('as_of_date') }} as as_of_date

    from source

)

select * from renamed

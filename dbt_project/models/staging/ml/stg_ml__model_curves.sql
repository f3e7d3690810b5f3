with

source as (

    select * from {{ source('ml', 'raw_model_curves') }}

),

renamed as (

    select
        -- ids
        model_run_id,

        -- strings
        model,
        curve,

        -- numerics
        point,
        x,
        y,
        row_count

    from source

)

select * from renamed

with

source as (

    select * from {{ source('standard', 'raw_standard_customers') }}

),

renamed as (

    select
        load_id,
        line_number,

        -- ids
        {{ read_id('customer_id') }} as customer_id,

        -- strings
        {{ read_text('name') }} as name,
        {{ read_text('email') }} as email,
        {{ read_text('country') }} as country,

        -- dates
        {{ date_of(
            read_timestamp('signup_date', slashes=standard_date_order(), dashes=standard_date_order())
        ) }} as signup_date,

        -- landed row
        {{ row_as_text(['customer_id', 'name', 'email', 'signup_date', 'country']) }} as landed_text

    from source

)

select * from renamed

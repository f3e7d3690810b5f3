with

source as (

    select * from {{ source('standard', 'raw_standard_products') }}

),

renamed as (

    select
        load_id,
        line_number,

        -- ids
        {{ read_id('product_id') }} as product_id,

        -- strings
        {{ read_text('product_name') }} as product_name,
        {{ read_text('category') }} as category,

        -- numerics
        {{ minor_units_from_micros(read_micros('price')) }} as price_minor,

        -- landed row
        {{ row_as_text(['product_id', 'product_name', 'category', 'price']) }} as landed_text

    from source

)

select * from renamed

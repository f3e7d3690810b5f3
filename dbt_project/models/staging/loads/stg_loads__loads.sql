with

source as (

    select * from {{ source('loads', 'raw_loads') }}

),

renamed as (

    select
        load_id,

        -- strings
        form as format,
        case when sheet = '' then file_name else file_name || ' (' || sheet || ')' end as source,
        case form
            when 'standard_customers' then 'customers'
            when 'standard_products' then 'products'
            else 'transactions'
        end as entity,
        input_fingerprint,

        -- numerics
        row_count

    from source

)

select * from renamed

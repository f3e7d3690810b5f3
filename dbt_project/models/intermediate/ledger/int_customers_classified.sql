with

described as (

    select * from {{ ref('stg_standard__customers') }}

),

ranked as (

    select
        *,
        row_number() over (partition by customer_id order by load_id desc, line_number desc) as version_number

    from described

),

-- Concatenated files have a header line in the middle.
classified as (

    select
        load_id,
        line_number,
        customer_id,
        name,
        email,
        signup_date,
        country,
        case
            when customer_id is null then 'unreadable_customer_id'
            when {{ lower_case('customer_id') }} in ('customer_id', 'customer id', 'customerid')
                then 'unreadable_customer_id'
            when version_number > 1 then 'superseded'
            else 'kept'
        end as reason,
        landed_text

    from ranked

)

select * from classified

with

described as (

    select * from {{ ref('stg_standard__customers') }}

),

versioned as (

    select
        *,
        row_number() over (partition by customer_id order by load_id desc, line_number desc) as version_number

    from described

),

-- Exports that were put behind each other have a header amid their rows, which describes no customer.
judged as (

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

    from versioned

)

select * from judged

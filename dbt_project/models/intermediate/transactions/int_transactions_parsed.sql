with

lines as (

    select * from {{ ref('int_transactions_unioned') }}

),

-- Rule 1. A row with an unparseable field is never counted and never replaces another version.
parsed as (

    select
        *,
        {{ date_of('invoice_at') }} as invoice_date,
        case
            when transaction_id is null then 'unreadable_transaction_id'
            when product_id is null then 'unreadable_product_id'
            when invoice_at is null then 'unreadable_invoice_date'
            when quantity is null then 'unreadable_quantity'
            when amount_minor is null then 'unreadable_amount'
            when rounded_id is not null then 'unreadable_' || rounded_id
        end as unreadable_reason

    from lines

)

select * from parsed

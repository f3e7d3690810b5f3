{{ config(materialized='ephemeral') }}

with

lines as (

    select * from {{ ref('int_transactions_unioned') }}

),

-- Rule 1. What cannot be read can be neither counted nor corrected by.
read as (

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

),

-- Rule 2. Of the readable rows of one transaction the latest load wins, and in a load the last line.
versioned as (

    select
        *,
        row_number() over (
            partition by transaction_id
            order by unreadable_reason is null desc, load_id desc, line_number desc
        ) as version_number

    from read

),

-- Rule 3, with duplicate_lines 'drop' only. Of rows that are equal in every field the first stays; where a form gives
-- each line an id of its own no two are.
repeated as (

    select
        load_id,
        line_number,
        form,
        entity,
        transaction_id,
        order_id,
        customer_id,
        product_id,
        product_name,
        customer_name,
        customer_email,
        country,
        invoice_at,
        invoice_date,
        quantity,
        amount_minor,
        unit_price_minor,
        currency,
        is_cancelled,
        landed_text,
        unreadable_reason,
        version_number,
        {% if var('duplicate_lines') == 'drop' %}
            row_number() over (
                partition by form, order_id, landed_text, unreadable_reason is null, version_number
                order by load_id, line_number
            ) as repetition_number
        {% else %}
            1 as repetition_number
        {% endif %}

    from versioned

)

select * from repeated

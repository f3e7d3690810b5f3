with

lines as (

    select * from {{ ref('int_transactions_unioned') }}

),

non_product_codes as (

    select * from {{ ref('non_product_codes') }}

),

reporting_currency as (

    select * from {{ ref('int_reporting_currency') }}

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

-- Rule 3. Of rows that are equal in every field the first stays.
repeated as (

    select
        *,
        {% if var('duplicate_lines') == 'drop' %}
            row_number() over (
                partition by form, order_id, landed_text, unreadable_reason is null, version_number
                order by load_id, line_number
            ) as repetition_number
        {% else %}
            1 as repetition_number
        {% endif %}

    from versioned

),

judged as (

    select
        repeated.load_id,
        repeated.line_number,
        repeated.form,
        repeated.entity,
        repeated.transaction_id,
        repeated.order_id,
        repeated.customer_id,
        repeated.product_id,
        repeated.product_name,
        repeated.customer_name,
        repeated.customer_email,
        repeated.country,
        repeated.invoice_at,
        repeated.invoice_date,
        {{ day_number('repeated.invoice_date') }} as invoice_day,
        repeated.quantity,
        repeated.amount_minor,
        repeated.unit_price_minor,
        repeated.currency,
        repeated.landed_text,
        case
            when repeated.unreadable_reason is not null then repeated.unreadable_reason
            when repeated.version_number > 1 then 'superseded'
            when repeated.repetition_number > 1 then 'duplicate'
            when repeated.customer_id is null then 'no_customer'
            when exact_codes.code is not null or exists (
                select 1

                from non_product_codes

                where
                    non_product_codes.matches = 'prefix'
                    and repeated.form = non_product_codes.form
                    and substr(repeated.product_id, 1, length(non_product_codes.code)) = non_product_codes.code
            ) then 'not_a_product'
            when repeated.amount_minor = 0 then 'zero_amount'
            when repeated.currency <> reporting_currency.currency then 'other_currency'
            when repeated.is_cancelled = 1 then 'cancelled_order'
            when repeated.invoice_date > {{ date_literal(var('as_of_date')) }} then 'after_as_of_date'
            else 'kept'
        end as reason

    from repeated

    left join non_product_codes as exact_codes
        on
            repeated.form = exact_codes.form
            and repeated.product_id = exact_codes.code
            and exact_codes.matches = 'exact'

    cross join reporting_currency

),

-- The landed text is wanted for rows that are left out only.
trimmed as (

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
        invoice_day,
        quantity,
        amount_minor,
        unit_price_minor,
        currency,
        reason,
        case when reason <> 'kept' then landed_text end as landed_text

    from judged

)

select * from trimmed

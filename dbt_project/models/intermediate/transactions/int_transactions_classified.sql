with

lines as (

    select * from {{ ref('int_transactions_deduplicated') }}

),

non_product_codes as (

    select * from {{ ref('non_product_codes') }}

),

reporting_currency as (

    select * from {{ ref('int_reporting_currency') }}

),

-- The first rule that a row meets is its reason.
judged as (

    select
        lines.load_id,
        lines.line_number,
        lines.form,
        lines.entity,
        lines.transaction_id,
        lines.order_id,
        lines.customer_id,
        lines.product_id,
        lines.product_name,
        lines.customer_name,
        lines.customer_email,
        lines.country,
        lines.invoice_at,
        lines.invoice_date,
        {{ day_number('lines.invoice_date') }} as invoice_day,
        lines.quantity,
        lines.amount_minor,
        lines.unit_price_minor,
        lines.currency,
        lines.landed_text,
        case
            when lines.unreadable_reason is not null then lines.unreadable_reason
            when lines.version_number > 1 then 'superseded'
            when lines.repetition_number > 1 then 'duplicate'
            when lines.customer_id is null then 'no_customer'
            when exact_codes.code is not null or exists (
                select 1

                from non_product_codes

                where
                    non_product_codes.matches = 'prefix'
                    and lines.form = non_product_codes.form
                    and substr(lines.product_id, 1, length(non_product_codes.code)) = non_product_codes.code
            ) then 'not_a_product'
            when lines.amount_minor = 0 then 'zero_amount'
            when lines.currency <> reporting_currency.currency then 'other_currency'
            when lines.is_cancelled = 1 then 'cancelled_order'
            when lines.invoice_date > {{ date_literal(setting('as_of_date')) }} then 'after_as_of_date'
            else 'kept'
        end as reason

    from lines

    left join non_product_codes as exact_codes
        on
            lines.form = exact_codes.form
            and lines.product_id = exact_codes.code
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

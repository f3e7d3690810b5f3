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

-- A row's reason is the first rule it matches.
classified as (

    select
        lines.*,
        {{ day_number('lines.invoice_date') }} as invoice_day,
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
                    and lines.format = non_product_codes.format
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
            lines.format = exact_codes.format
            and lines.product_id = exact_codes.code
            and exact_codes.matches = 'exact'

    cross join reporting_currency

),

-- The landed text is published for rejected rows only; it would double the size of this table.
trimmed as (

    select
        format,
        entity,
        {{ transaction_columns() }},
        invoice_date,
        invoice_day,
        reason,
        case when reason <> 'kept' then landed_text end as landed_text

    from classified

)

select * from trimmed

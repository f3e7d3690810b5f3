with

shopify_order_lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

-- Only this format has a currency.
counted as (

    select
        currency,
        count(*) as line_count

    from shopify_order_lines

    where currency is not null

    group by currency

),

ranked as (

    select
        currency,
        row_number() over (order by line_count desc, currency asc) as currency_rank

    from counted

),

chosen as (

    select coalesce({{ text_literal(setting('reporting_currency')) }}, max(currency)) as currency

    from ranked

    where currency_rank = 1

)

select * from chosen

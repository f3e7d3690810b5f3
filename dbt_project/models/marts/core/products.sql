with

described as (

    select * from {{ ref('int_products_classified') }}

    where reason = 'kept'

),

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

first_seen as (

    select
        product_id,
        min(invoice_at) as first_seen_at

    from transactions

    group by product_id

),

-- A product without a products file is described by its latest line, sales before returns.
latest_first as (

    select
        transactions.product_id,
        transactions.product_name,
        coalesce(
            transactions.unit_price_minor,
            abs({{ divide_whole('transactions.amount_minor', 'nullif(transactions.quantity, 0)') }}),
            0
        ) as price_minor,
        row_number() over (
            partition by transactions.product_id
            order by
                transactions.is_return asc,
                transactions.invoice_at desc,
                transactions.load_id desc,
                transactions.line_number desc,
                transactions.transaction_id desc
        ) as line_rank

    from transactions

    left join described
        on transactions.product_id = described.product_id

    where described.product_id is null

),

all_ids as (

    select product_id from described

    union

    select product_id from first_seen

),

named as (

    select
        all_ids.product_id,
        coalesce(described.product_name, latest_first.product_name, all_ids.product_id) as product_name,
        described.category,
        {{ money('coalesce(described.price_minor, latest_first.price_minor)') }} as price,
        first_seen.first_seen_at as created_at

    from all_ids

    left join described
        on all_ids.product_id = described.product_id

    left join first_seen
        on all_ids.product_id = first_seen.product_id

    left join latest_first
        on
            all_ids.product_id = latest_first.product_id
            and latest_first.line_rank = 1

)

select * from named

with

described as (

    select * from {{ ref('int_customers_classified') }}

    where reason = 'kept'

),

transactions as (

    select * from {{ ref('int_transactions_kept') }}

),

first_seen as (

    select
        customer_id,
        min(invoice_at) as first_seen_at

    from transactions

    group by customer_id

),

-- Formats without a customers file have name and country in each line: the latest line counts.
latest_first as (

    select
        customer_id,
        customer_name,
        customer_email,
        country,
        row_number() over (
            partition by customer_id order by invoice_at desc, load_id desc, line_number desc, transaction_id desc
        ) as line_rank

    from transactions

    where coalesce(customer_name, customer_email, country) is not null

),

named_in_lines as (

    select
        first_seen.customer_id,
        first_seen.first_seen_at,
        latest_first.customer_name,
        latest_first.customer_email,
        latest_first.country

    from first_seen

    left join latest_first
        on
            first_seen.customer_id = latest_first.customer_id
            and latest_first.line_rank = 1

),

all_ids as (

    select customer_id from described

    union

    select customer_id from named_in_lines

),

named as (

    select
        all_ids.customer_id,
        coalesce(described.name, named_in_lines.customer_name, 'Customer ' || all_ids.customer_id) as name,
        coalesce(described.email, named_in_lines.customer_email) as email,
        described.signup_date,
        coalesce(described.country, named_in_lines.country) as country,
        coalesce(named_in_lines.first_seen_at, {{ start_of('described.signup_date') }}) as created_at

    from all_ids

    left join described
        on all_ids.customer_id = described.customer_id

    left join named_in_lines
        on all_ids.customer_id = named_in_lines.customer_id

)

select * from named

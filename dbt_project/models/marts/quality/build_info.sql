with

loads as (

    select * from {{ ref('stg_loads__loads') }}

),

observed_period as (

    select * from {{ ref('int_observed_period') }}

),

reporting_currency as (

    select * from {{ ref('int_reporting_currency') }}

),

transactions as (

    select * from {{ ref('transactions') }}

),

customers as (

    select * from {{ ref('customers') }}

),

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

orders as (

    select * from {{ ref('orders') }}

),

products as (

    select * from {{ ref('products') }}

),

last_load as (

    select input_fingerprint from loads

    order by load_id desc

    limit 1

),

counted as (

    select
        1 as build_id,
        {{ text_literal(setting('shop_name')) }} as shop_name,
        (select as_of_date from observed_period) as as_of_date,
        (select min(order_date) from orders) as first_order_date,
        {{ setting('horizon_days') }} as horizon_days,
        {{ text_literal(setting('scoring_method')) }} as scoring_method,
        {{ text_literal(setting('return_dating')) }} as return_dating,
        (select currency from reporting_currency) as reporting_currency,
        (select input_fingerprint from last_load) as input_fingerprint,
        {{ text_literal(project_version()) }} as code_version,
        (select coalesce(sum(row_count), 0) from loads) as landed_rows,
        (select count(*) from transactions) as kept_transactions,
        (select count(*) from customers) as customers,
        (select count(*) from rfm_scores) as scored_customers,
        (select count(*) from orders) as orders,
        (select count(*) from products) as products,
        cast(null as {{ dbt.type_int() }}) as data_tests,
        cast(null as {{ dbt.type_int() }}) as data_tests_passed,
        cast(null as {{ dbt.type_string() }}) as build_fingerprint

)

select * from counted

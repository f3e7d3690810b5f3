with

described as (

    select * from {{ ref('stg_standard__products') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by product_id
            order by price_minor is null asc, load_id desc, line_number desc
        ) as version_number

    from described

),

classified as (

    select
        load_id,
        line_number,
        product_id,
        product_name,
        category,
        price_minor,
        case
            when product_id is null then 'unreadable_product_id'
            when price_minor is null then 'unreadable_price'
            when version_number > 1 then 'superseded'
            else 'kept'
        end as reason,
        landed_text

    from ranked

)

select * from classified

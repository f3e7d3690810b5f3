{{ config(materialized='ephemeral') }}

with

lines as (

    select * from {{ ref('int_transactions_parsed') }}

),

-- Rule 2. Of the readable rows of one transaction the latest load wins, and in a load the last line. Few ids come
-- again, and only their rows are put in order.
ids_repeated as (

    select transaction_id

    from {{ ref('int_transactions_parsed') }}

    group by transaction_id

    having count(*) > 1

),

ranked as (

    select
        load_id,
        line_number,
        entity,
        row_number() over (
            partition by transaction_id
            order by unreadable_reason is null desc, load_id desc, line_number desc
        ) as version_number

    from {{ ref('int_transactions_parsed') }}

    where transaction_id in (select ids_repeated.transaction_id from ids_repeated)

),

versioned as (

    select
        lines.*,
        coalesce(ranked.version_number, 1) as version_number

    from lines

    left join ranked
        on
            lines.load_id = ranked.load_id
            and lines.line_number = ranked.line_number
            and lines.entity = ranked.entity

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
        {% if setting('duplicate_lines') == 'drop' %}
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

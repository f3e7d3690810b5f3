{{ config(materialized='ephemeral') }}

with

lines as (

    select * from {{ ref('int_transactions_parsed') }}

),

-- Rule 2. Of the parsed rows of one transaction the latest load wins, and within a load the last line. Few ids repeat,
-- so only their rows are sorted. The table is read three times, because engines copy a CTE that is used more than once.
repeated_ids as (

    select transaction_id

    from {{ ref('int_transactions_parsed') }}

    group by transaction_id

    having count(*) > 1

),

repeated_ids_ranked as (

    select
        load_id,
        line_number,
        entity,
        row_number() over (
            partition by transaction_id
            order by unreadable_reason is null desc, load_id desc, line_number desc
        ) as version_number

    from {{ ref('int_transactions_parsed') }}

    where transaction_id in (select repeated_ids.transaction_id from repeated_ids)

),

versioned as (

    select
        lines.*,
        coalesce(repeated_ids_ranked.version_number, 1) as version_number

    from lines

    left join repeated_ids_ranked
        on
            lines.load_id = repeated_ids_ranked.load_id
            and lines.line_number = repeated_ids_ranked.line_number
            and lines.entity = repeated_ids_ranked.entity

),

-- Rule 3, only with duplicate_lines 'drop': of rows that are equal in every field the first is kept. Rows of a format
-- with an id for each line are never equal.
deduplicated as (

    select
        *,
        {% if setting('duplicate_lines') == 'drop' %}
            row_number() over (
                partition by format, order_id, landed_text, unreadable_reason is null, version_number
                order by load_id, line_number
            ) as repetition_number
        {% else %}
            1 as repetition_number
        {% endif %}

    from versioned

)

select * from deduplicated

with

rfm_scores as (

    select * from {{ ref('rfm_scores') }}

),

measured as (

    select
        'recency' as measure,
        recency_score as score,
        1.0 * recency as raw_value

    from rfm_scores

    union all

    select
        'frequency' as measure,
        frequency_score as score,
        1.0 * frequency as raw_value

    from rfm_scores

    union all

    select
        'monetary' as measure,
        monetary_score as score,
        monetary as raw_value

    from rfm_scores

),

-- A value with more than one score is tied: the quartiles separate customers with equal values.
values_scored as (

    select
        measure,
        raw_value,
        count(distinct score) as scores

    from measured

    group by measure, raw_value

),

summed as (

    select
        measured.measure,
        measured.score,
        min(measured.raw_value) as lowest_value,
        max(measured.raw_value) as highest_value,
        count(*) as customers,
        sum(case when values_scored.scores > 1 then 1 else 0 end) as tied_customers

    from measured

    inner join values_scored
        on
            measured.measure = values_scored.measure
            and measured.raw_value = values_scored.raw_value

    group by measured.measure, measured.score

)

select * from summed

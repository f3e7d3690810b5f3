-- A customer with a better value never has a lower score.
with

bounds as (

    select
        measure,
        score,
        case when measure = 'recency' then -highest_value else lowest_value end as worst,
        case when measure = 'recency' then -lowest_value else highest_value end as best

    from {{ ref('score_thresholds') }}

)

select
    lower_score.measure,
    lower_score.score,
    lower_score.best,
    higher_score.worst

from bounds as lower_score

inner join bounds as higher_score
    on
        lower_score.measure = higher_score.measure
        and lower_score.score < higher_score.score

where lower_score.best > higher_score.worst

-- With ntile the sizes of the four groups differ by at most one; with rank equal values share a group.
with

sizes as (

    select
        measure,
        max(customers) as largest,
        min(customers) as smallest

    from {{ ref('score_thresholds') }}

    group by measure

)

select *

from sizes

where
    {{ text_literal(setting('scoring_method')) }} = 'ntile'
    and largest - smallest > 1

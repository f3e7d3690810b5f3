-- With ntile the four groups of a score differ by one customer at most; with rank equals stay together, and they may.
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

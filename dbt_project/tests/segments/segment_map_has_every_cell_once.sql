-- The map has 4 x 4 x 4 cells, each with one finer segment that has a row in segment_actions.
with

segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

counted as (

    select
        count(*) as cells,
        count(distinct recency_score * 100 + frequency_score * 10 + monetary_score) as distinct_cells

    from segment_map

),

unknown as (

    select count(*) as names

    from segment_map

    left join {{ ref('segment_actions') }} as segment_actions
        on
            segment_map.segment_detail = segment_actions.segment
            and segment_actions.level = 'segment_detail'

    where segment_actions.segment is null

)

select
    counted.cells,
    counted.distinct_cells,
    unknown.names

from counted

cross join unknown

where
    counted.cells <> 64
    or counted.distinct_cells <> 64
    or unknown.names > 0

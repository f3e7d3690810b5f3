from __future__ import annotations

from itertools import combinations

from reports.marts.catalog import LineageEdge, TableDoc
from reports.page.lineage import BOX_HEIGHT, BOX_WIDTH, BOXES_A_ROW, draw_lineage

TABLES = [TableDoc(name, "marts", "One row per thing.", "") for name in "abcdefghijk"]


def edges(*pairs: str) -> list[LineageEdge]:
    return [LineageEdge(pair[0], pair[1]) for pair in pairs]


def places(picture):
    return {box.name: (box.x, box.y) for box in picture.boxes}


def test_every_table_is_below_all_tables_that_it_reads():
    pairs = edges("ab", "bc", "ac", "cd", "ed", "fb")
    found = places(draw_lineage(TABLES, pairs))
    assert all(found[edge.from_table][1] < found[edge.to_table][1] for edge in pairs)


def test_a_transitive_line_is_left_out():
    picture = draw_lineage(TABLES, edges("ab", "bc", "ac"))
    assert len(picture.lines) == 2


def test_boxes_never_overlap_or_leave_the_diagram():
    picture = draw_lineage(TABLES, edges(*(f"{name}k" for name in "abcdefghij")))
    corners = list(places(picture).values())
    assert len(corners) == 11
    for (x, y), (to_x, to_y) in combinations(corners, 2):
        assert abs(x - to_x) >= BOX_WIDTH or abs(y - to_y) >= BOX_HEIGHT
    assert all(0 <= x <= picture.width - BOX_WIDTH for x, _ in corners)
    assert all(0 <= y <= picture.height - BOX_HEIGHT for _, y in corners)
    rows = {y for _, y in corners}
    assert all(sum(1 for corner in corners if corner[1] == y) <= BOXES_A_ROW for y in rows)


def test_a_source_is_placed_right_above_its_first_reader():
    found = places(draw_lineage(TABLES, edges("ab", "bc", "cd", "ed")))
    assert found["e"][1] == found["c"][1]


def test_the_diagram_does_not_depend_on_the_order_of_rows():
    pairs = edges("ab", "bc", "cd", "ed", "fb", "gd")
    assert draw_lineage(TABLES, pairs) == draw_lineage(TABLES[::-1], pairs[::-1])


def test_no_diagram_without_lineage():
    assert draw_lineage(TABLES, []) is None

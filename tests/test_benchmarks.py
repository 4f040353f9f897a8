"""The benchmarks themselves: the same network from one seed, and every row ready to be measured."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from benchmarks import bench, measuring, shapes  # noqa: E402
from benchmarks.measuring import Case, Measured, Work, measure, perform, prepare  # noqa: E402
from benchmarks.networks import Streets, load_streets, make_streets, road_network  # noqa: E402
from benchmarks.rows import TINY, Outcome, Row, compare, prefix_equal  # noqa: E402
from benchmarks.table import keep, notes, page_block, table  # noqa: E402

NOTHING = Case(module="start", function="process", settings={"arguments": ["-c", ""]})


@pytest.fixture(scope="module")
def streets() -> Streets:
    return make_streets(3000, cells=500, sites=40)


def test_one_seed_draws_one_network_and_another_seed_another(streets: Streets) -> None:
    again = make_streets(3000, cells=500, sites=40)
    other = make_streets(3000, cells=500, sites=40, seed=7)
    for part in fields(Streets):
        assert np.array_equal(getattr(streets, part.name), getattr(again, part.name)), part.name
    assert not np.array_equal(streets.x, other.x)


def test_a_drawn_network_is_shaped_as_its_description_says(streets: Streets) -> None:
    roads, size = len(streets.start), (streets.junctions, streets.junctions)
    joined = coo_array((np.ones(roads), (streets.start, streets.end)), shape=size)
    assert connected_components(joined, directed=False)[0] == 1
    assert 2 * roads / streets.junctions == pytest.approx(2.5, abs=0.01)
    assert np.mean(streets.degree == 1) == pytest.approx(0.09, abs=0.02)
    assert np.mean(streets.degree == 2) == pytest.approx(0.44, abs=0.03)
    assert len(np.unique(np.column_stack([streets.cell_x, streets.cell_y]), axis=0)) == 500
    assert len(np.unique(streets.site)) == 40
    near = np.abs(np.diff(streets.x)) + np.abs(np.diff(streets.y))
    assert np.median(near) < 3000, "ids that follow one another should lie near each other"


def test_a_kept_network_is_the_one_that_was_drawn(tmp_path: Path) -> None:
    first = load_streets(300, tmp_path)
    kept = load_streets(300, tmp_path)
    drawn = make_streets(300)
    for part in fields(Streets):
        assert np.array_equal(getattr(first, part.name), getattr(drawn, part.name))
        assert np.array_equal(getattr(kept, part.name), getattr(drawn, part.name))
    assert road_network(kept).edges == len(drawn.start)


def in_process(case: Case, *, profile: bool = False) -> Measured:
    """Do the work of a case once, here."""
    work = replace(prepare(case), once=True, warm_up=None)
    return perform(work, profile=profile)


def test_every_row_does_the_same_work_as_its_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "REFERENCE_POINTS", 300)
    rows = [row for row in bench.all_rows(TINY) if row.peer is not None]
    found = bench.run_rows(rows, bench.Measuring(in_process, profile=False))
    assert [name for name, one in found.items() if one["failure"]] == []
    lines = table(found).splitlines()
    assert len(lines) == len(rows) + 2
    assert all(line.count("|") == lines[0].count("|") for line in lines)


def test_a_case_runs_in_a_process_of_its_own_and_says_what_it_took() -> None:
    found = measure(NOTHING)
    assert len(found.times_s) >= 5
    assert 0 < found.median_s < 60
    assert found.peak_mib > 1


def measured(seconds: float, *values: int, **more: float) -> Measured:
    return Measured(
        times_s=(seconds,) * 5, peak_mib=100, compared={"ds": np.array(values)}, facts=more
    )


def row(**more: object) -> Row:
    return Row(name="a", work="work", ours=NOTHING, peer=NOTHING, against="peer", **more)  # type: ignore[arg-type]


def test_a_row_fails_where_results_differ_however_fast_it_is() -> None:
    outcome = compare(row(at_least=2), measured(1, 1, 2, 3), measured(100, 1, 2, 4))
    assert outcome.word == "**failed**"
    assert "1 of 3 values" in outcome.failure


def test_a_peer_that_did_a_part_is_compared_with_that_part() -> None:
    assert prefix_equal({"ds": np.array([1, 2, 3])}, {"ds": np.array([1, 2])}) == "equal"
    with pytest.raises(AssertionError, match="nothing to compare"):
        prefix_equal({"ds": np.array([1])}, {})


def test_a_missed_target_says_which_part_is_missed_and_where_the_time_goes() -> None:
    limits = row(
        at_least=3, at_most_s=0.5, at_most_gib=1, facts_at_least={"IoU": 0.95}, binds="So."
    )
    outcome = compare(limits, measured(1, 5, IoU=0.9), measured(2, 5))
    assert outcome.misses == ("ratio", "time", "IoU")
    kept = keep(replace(outcome, profile=("60% `sweep` (3 calls)",)))
    assert kept["result"] == "**missed** (ratio, time, IoU)"
    told = "\n".join(notes({"a": kept}))
    assert "So." in told
    assert "60% `sweep`" in told
    assert compare(row(at_least=2), measured(1, 5), measured(2, 5)).word == "met"


def test_a_part_of_the_work_is_scaled_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 13.0])
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: next(clock))
    found = perform(Work(run=lambda: None, share=0.25, once=True))
    assert found.times_s == (12.0,)


@pytest.mark.parametrize(("now", "wrong"), [(4.0, True), (6.0, False)])
def test_the_check_fails_where_a_ratio_fell_by_half(now: float, wrong: bool) -> None:
    def kept(ratio: float) -> dict[str, object]:
        outcome = compare(row(), measured(1, 5), measured(ratio, 5))
        return {"a": keep(outcome)}

    assert bool(bench.fallen(kept(now), kept(10.0))) == wrong


def test_a_failed_row_fails_the_check_and_is_told_on_the_page() -> None:
    failed = {"a": keep(Outcome(row=row(), ours=None, failure="it broke"))}
    assert bench.fallen(failed, {}) == ["a failed: it broke"]
    described = {"processor": "p", "cores": "2", "memory": "1 GiB", "system": "L", "python": "3"}
    assert "`a` failed: it broke" in page_block(failed, described)


def test_the_page_shows_the_kept_results() -> None:
    results = bench.read_results()
    page = bench.PAGE.read_text(encoding="utf-8")
    assert bench.BEGIN in page
    if "full" in results:
        assert page_block(results["full"], results["machine"]) in page
    json.dumps(results, allow_nan=False)

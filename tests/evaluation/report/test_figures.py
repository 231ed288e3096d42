"""Charts: round ticks that enclose the values, and points where they belong."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssid.evaluation.report.figures import draw_chart, nice_ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 400, [0, 100, 200, 300, 400]),
        (-1.5, 6, [-2, 0, 2, 4, 6]),
        (24.1, 24.9, [24, 24.2, 24.4, 24.6, 24.8, 25]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert nice_ticks(low, high) == pytest.approx(ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_enclose_the_values(low, extent):
    ticks = nice_ticks(low, low + extent)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + extent - 1e-6 * step
    assert 3 <= len(ticks) <= 8
    assert all(b - a == pytest.approx(step, rel=1e-3) for a, b in pairwise(ticks))


def test_ticks_of_an_axis_that_counts_are_whole():
    assert nice_ticks(1, 3, smallest=1) == [1, 2, 3]


def chart(series, **options):
    return draw_chart("title", "optimizer step", "loss", series, **options)


def test_points_lie_where_their_values_belong():
    figure = chart({"teacher": [(0, 0.0), (50, 5.0), (100, 10.0)]})
    middle = (figure.left + figure.right) / 2, (figure.top + figure.bottom) / 2
    corners = (figure.left, figure.bottom), middle, (figure.right, figure.top)
    for point, corner in zip(figure.lines[0].points, corners, strict=True):
        assert point == pytest.approx(corner)
    assert [tick.label for tick in figure.y_ticks] == ["0", "2", "4", "6", "8", "10"]
    assert [tick.zero for tick in figure.y_ticks] == [True] + [False] * 5


def test_the_axis_spans_what_it_is_asked_to():
    figure = chart({"student": [(1, 3.0), (2, 4.0)]}, include=[0.0])
    assert figure.y_ticks[0].zero


@pytest.mark.parametrize("series", [{}, {"student": []}, {"student": [(1, math.nan)]}])
def test_nothing_to_draw_is_no_chart(series):
    assert chart(series) is None


def test_values_that_are_no_numbers_are_left_out_and_counted():
    figure = chart({"student": [(1, 1.0), (2, math.inf), (3, math.nan), (4, 2.0)]})
    assert len(figure.lines[0].points) == 2
    assert figure.skipped == 2


@pytest.mark.parametrize("value", [0.0, 1e-9, 25.0, -1e6])
def test_a_constant_or_single_value_is_drawn_inside_the_box(value):
    figure = chart({"student": [(10, value)]})
    ((x, y),) = figure.lines[0].points
    assert figure.left <= x <= figure.right
    assert figure.top <= y <= figure.bottom


def test_negative_ticks_have_a_real_minus():
    figure = chart({"student": [(1, -2.0), (2, 2.0)]})
    assert [tick.label for tick in figure.y_ticks] == ["−2", "−1", "0", "1", "2"]


def test_the_summary_tells_what_the_lines_show():
    figure = chart({"student": [(10, 0.5), (400, 0.125)]})
    assert figure.summary == "student goes from 0.5 at 10 to 0.125 at 400"

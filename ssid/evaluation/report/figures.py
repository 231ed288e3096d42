"""Line charts as geometry; the template turns them into SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Point = tuple[float, float]

WIDTH, HEIGHT = 460, 250
LEFT, RIGHT, TOP, BOTTOM = 68, 14, 12, 46
FEW = 30
"""Lines of at most this many points show each of them."""


class Tick(NamedTuple):
    """A mark on an axis: where, in pixels, what it says, and whether that is zero."""

    position: float
    label: str
    zero: bool


class Line(NamedTuple):
    """A curve: its name and its points in pixels."""

    name: str
    points: Sequence[Point]

    @property
    def path(self) -> str:
        """The points as SVG writes them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)

    @property
    def marked(self) -> bool:
        """Whether each point gets a dot."""
        return len(self.points) <= FEW


class Chart(NamedTuple):
    """A chart, and the box in pixels that its axes enclose.

    Attributes:
        title: title that says what it shows.
        x_label: x label of the horizontal axis, with its unit.
        y_label: y label of the vertical axis, with its unit.
        x_ticks: ticks from left to right.
        y_ticks: ticks from bottom to top.
        lines: the curves.
        summary: content in words, for people who do not see it.
        skipped: points that are not finite and cannot be drawn.
        width: width of the whole.
        height: height of the whole.
        left: left side of the box; so ``right``, ``top`` and ``bottom``.
    """

    title: str
    x_label: str
    y_label: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[Line]
    summary: str
    skipped: int

    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw_chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Mapping[str, Sequence[Point]],
    include: Sequence[float] = (),
) -> Chart | None:
    """Lay out a chart of ``series``, or return None if no point can be drawn.

    Args:
        title: title that says what the chart shows.
        x_label: x label of the horizontal axis, which counts something.
        y_label: y label of the vertical axis, with its unit.
        series: (x, y) by name of the curve.
        include: values that the vertical axis spans in any case.
    """
    finite = {name: [p for p in points if _is_finite(p)] for name, points in series.items()}
    finite = {name: points for name, points in finite.items() if points}
    if not finite:
        return None
    everything = [point for points in finite.values() for point in points]
    x_values = nice_ticks(*_range([x for x, _ in everything]), smallest=1)
    y_values = nice_ticks(*_range([*(y for _, y in everything), *include]))

    def place(point: Point) -> Point:
        return (
            _scale(point[0], x_values, LEFT, WIDTH - RIGHT),
            _scale(point[1], y_values, HEIGHT - BOTTOM, TOP),
        )

    return Chart(
        title=title,
        x_label=x_label,
        y_label=y_label,
        x_ticks=[Tick(place((x, 0))[0], _label(x, x_values), x == 0) for x in x_values],
        y_ticks=[Tick(place((0, y))[1], _label(y, y_values), y == 0) for y in y_values],
        lines=[Line(name, [place(point) for point in points]) for name, points in finite.items()],
        summary="; ".join(
            f"{name} goes from {points[0][1]:.3g} at {points[0][0]:g}"
            f" to {points[-1][1]:.3g} at {points[-1][0]:g}"
            for name, points in finite.items()
        ),
        skipped=sum(len(points) for points in series.values()) - len(everything),
    )


def nice_ticks(low: float, high: float, count: int = 5, smallest: float = 0.0) -> list[float]:
    """Return about ``count`` round numbers that enclose ``low`` and ``high``.

    They are equally spaced, by ``smallest`` at least: 1 for an axis that counts.
    """
    rough = max((high - low) / count, smallest)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [position * step for position in range(first, last + 1)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return the smallest and the largest value, apart from each other."""
    low, high = min(values), max(values)
    room = max(abs(low), 1.0) * 1e-3
    return (low, high) if high - low > room * 1e-3 else (low - room, high + room)


def _scale(value: float, ticks: Sequence[float], start: float, end: float) -> float:
    return start + (end - start) * (value - ticks[0]) / (ticks[-1] - ticks[0])


def _label(value: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{digits}f}".replace("-", "−")


def _is_finite(point: Point) -> bool:
    return all(map(math.isfinite, point))

"""Quality against time: what is preferable to what, and a picture that is the same every time."""

from benchmarks import pareto


def point(seconds, decibels):
    return {"median, s": seconds, "rain100l": decibels, "rain100h": decibels}


POINTS = {
    "packaged, small": point(0.2, 30),
    "slow and good": point(8, 33),
    "slower and worse": point(9, 32),
    "as fast and worse": point(0.2, 29),
    "fast": point(0.04, 29),
}


def test_what_is_slower_and_no_better_is_not_on_the_frontier():
    assert pareto.frontier(POINTS, "rain100l") == ["fast", "packaged, small", "slow and good"]


def test_the_table_shows_shares_of_the_packaged_student():
    rows = list(pareto.table(POINTS))
    assert rows[-1] == ["fast", "40 ms", "0.20", "29.00 dB", "29.00 dB"]


def test_the_picture_names_every_network_and_is_the_same_every_time(tmp_path):
    files = tmp_path / "a.svg", tmp_path / "b.svg"
    for file in files:
        pareto.draw(POINTS, file)
    drawn = files[0].read_text("utf-8")
    assert all(name in drawn for name in POINTS)
    assert drawn == files[1].read_text("utf-8")


def test_networks_take_turns_on_the_same_image():
    seen = []
    networks = {name: lambda image, name=name: seen.append((name, image)) for name in "ab"}
    taken = pareto.latencies(networks, rounds=2)
    assert [name for name, _ in seen] == list("ab") * 3
    assert len({id(image) for _, image in seen}) == 1
    assert taken.keys() == {"a", "b"}

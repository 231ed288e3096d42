"""Work on several threads is bounded in what it holds at a time."""

import threading

import pytest

from ssid.data import ordered
from ssid.data.ordered import in_order


@pytest.mark.parametrize(("cost", "most"), [(0, 8), (1, 2), (3, 1)])
def test_no_more_is_in_flight_than_may_be_held(monkeypatch, cost, most):
    monkeypatch.setattr(ordered, "BUDGET", 2)
    held, seen, lock = set(), [], threading.Lock()

    def work(number):
        with lock:
            held.add(number)
            seen.append(len(held))
        return number

    results = []
    for result in in_order(work, range(40), 4, lambda number: cost):
        with lock:
            held.discard(result)
        results.append(result)
    assert results == list(range(40))
    assert max(seen) <= most

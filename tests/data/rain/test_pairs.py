"""Pairs in fitted rain: on which photographs, in which split, and always the same."""

import json

import numpy as np
import pytest

from ssid.data.rain.pairs import clean_photographs, render_pairs
from ssid.data.rain.prior import random_profile
from ssid.data.store.reader import ImageStore

PROFILE = random_profile(5)


@pytest.fixture
def make(pair_store, tmp_path):
    def make(folder="a", stores=None):
        photographs = clean_photographs(stores or [pair_store], 100)
        summary = render_pairs("mine", photographs, PROFILE, 2, 3, tmp_path / folder)
        return ImageStore(tmp_path / folder), summary

    return make


def test_every_photograph_is_rendered_so_many_times_and_keeps_its_split(make, pair_store):
    store, summary = make()
    splits = {record.fingerprint: record.split for record in pair_store.records}
    assert summary.role == "fitted"
    assert len(store) == 2 * len(splits)
    assert all(record.split == splits[record.fingerprint] for record in store.records)
    assert summary.val
    assert len({record.name for record in store.records}) == len(store)


def test_the_rain_is_another_each_time_and_is_recorded(make):
    store, _ = make()
    assert np.array_equal(store.clean(0), store.clean(1))
    assert not np.array_equal(store.rainy(0), store.rainy(1))
    drawn = [json.loads(record.rain) for record in store.records]
    lowest, highest = PROFILE.brightness
    assert all(
        lowest <= layer["brightness"] <= highest for rain in drawn for layer in rain["layers"]
    )


def test_equal_input_gives_equal_bytes(make):
    assert make("a")[1].digest == make("b")[1].digest


def test_what_leaks_a_benchmark_is_not_rendered_on(make, pair_store):
    source = pair_store.records[0].source
    leaking = [record.name for record in pair_store.records if record.source == source]
    store, _ = make(stores=[ImageStore(pair_store.path, leaking)])
    assert source not in {record.source for record in store.records}
    assert len(store)


def test_photographs_are_limited_evenly(pair_store):
    assert len(clean_photographs([pair_store], 2)) == 2

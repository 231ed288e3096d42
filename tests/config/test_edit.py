"""Editing YAML in place: values change, everything else stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ssid.config.edit import merge, write_texts
from ssid.errors import UserError

TEXT = """\
# heading
steps: 300   # mine

optimizer:
  name: adam  # which
  lr: 1e-3
  # after the rate

# what to minimise
objective:
  l1: {weight: 1, on: 'pairs'}   # keep
  ssim: {weight: 1}
  tv:
    weight: 2

# tail
empty:
none: {}
list:
  - 1
  - 2

# farewell
last: [1,
  2]  # end
"""

COMMENTS = [line[line.index("#") :] for line in TEXT.splitlines() if "#" in line]


def read(text: str) -> dict:
    return YAML(typ="safe", pure=True).load(text)


def test_only_what_differs_is_rewritten():
    edited = merge(TEXT, {"steps": 5, "optimizer": {"name": "adam", "lr": 0.001}})
    assert edited == TEXT.replace("300", "5")


def test_a_changed_value_keeps_the_comments_around_it():
    edited = merge(TEXT, {"optimizer": {"name": "adamw", "lr": 1e-4, "clip": None}})
    assert "  name: adamw  # which\n  lr: 0.0001\n  clip: null\n  # after the rate\n" in edited


def test_a_named_key_is_replaced_as_a_whole():
    objective = {"l1": {"weight": 3}, "new": {"weight": 1, "on": "real"}}
    edited = merge(TEXT, {"objective": objective})
    assert read(edited)["objective"] == objective
    assert "  l1: {weight: 3}   # keep\n  new:\n    weight: 1\n    on: real\n\n# tail\n" in edited


CHANGES = [
    {"steps": None},
    {"steps": {"a": {"b": 1}}},
    {"objective": {"tv": {"weight": 2}}},
    {"objective": {"ssim": {"weight": 1, "a: b": "#x"}, "tv": {}}},
    {"objective": {}},
    {"objective": 3},
    {"empty": {"a": 1}},
    {"empty": [1, "true", None, {"a": [True]}]},
    {"none": {"a": {"b": {}}}},
    {"list": [3]},
    {"list": {"a": 1}},
    {"last": {"a": 1}},
    {"added": {"a": "yes"}, "more": ""},
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("end", ["", "\n"])
def test_any_shape_can_become_any_other(change, end):
    text = TEXT.rstrip() + end
    edited = merge(text, change)
    assert read(edited) == read(text) | change


@pytest.mark.parametrize("change", CHANGES)
def test_comments_outside_the_changed_key_survive(change):
    edited = merge(TEXT, change)
    inside = "# keep" if "objective" in change else "# farewell" if "last" in change else ""
    assert all(comment in edited for comment in COMMENTS if comment != inside)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab: #'\"{,é", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
mappings = st.dictionaries(st.sampled_from(["x", "y", "z"]), values, min_size=1, max_size=3)


@given(mappings, mappings)
@example({"x": None}, {"x": ": a"})
@example({"x": None}, {"x": {"a": ["? a", ":"]}})
def test_merging_and_reading_agree_for_all_values(before, changes):
    text = merge("# nothing yet\n", before)
    assert read(text) == before
    edited = merge(text, changes)
    assert read(edited) == before | changes
    assert edited.startswith("# nothing yet\n")


def test_anchors_are_refused_rather_than_spoilt():
    with pytest.raises(ValueError, match="cannot be edited in place"):
        merge("a: &x {b: 1}\nc: *x\n", {"c": {"b": 2}})


def test_windows_line_ends_stay():
    assert merge("a: 1\r\nb: 2\r\n", {"a": 3}) == "a: 3\r\nb: 2\r\n"


def test_no_file_changes_where_one_cannot_be_written(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "file" / "b.yaml"
    first.write_text("old")
    second.parent.write_text("no folder")
    with pytest.raises(UserError, match=r"b\.yaml cannot be written: "):
        write_texts({first: "new", second: "new"})
    assert first.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [first, second.parent]

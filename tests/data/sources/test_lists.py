"""Lists that are partly wrong, or not of pairs."""

import json

import pytest

from ssid.data.sources.detection import detect_layout
from ssid.data.sources.items import list_items
from ssid.data.sources.tables import read_table
from ssid.errors import UserError
from support.layouts import LISTED, lay, text


def test_a_list_with_lost_files_is_a_list_and_says_what_is_lost(tmp_path):
    pairs = sorted(lay(tmp_path, LISTED))
    text("{}\t{}")(tmp_path, pairs)
    lost = [pairs[0][0], pairs[4][1], pairs[9][0]]
    for name in lost:
        (tmp_path / name).unlink()
    found = detect_layout(tmp_path)
    assert (found.layout, found.manifest) == ("pairs", "list.txt")
    pairing = list_items(tmp_path, "pairs", manifest="list.txt", sides=found.sides)
    assert len(pairing.items) == 7
    reasons = {file.file: file.reason for file in pairing.refused}
    assert all(reasons[name].startswith("cannot be read: No such file") for name in lost)
    partners = {partner for pair in pairs for partner in pair if set(pair) & set(lost)} - set(lost)
    assert {name for name, reason in reasons.items() if "partner" in reason} == partners
    assert pairing.files == 14 + len(pairing.refused) == 20


def test_a_list_that_names_nothing_speaks_of_itself(tmp_path):
    lay(tmp_path, LISTED)
    (tmp_path / "list.csv").write_text("rainy,clean\nelsewhere/1.png,elsewhere/2.png\n")
    with pytest.raises(UserError, match=r"The paths in list\.csv should be relative to"):
        list_items(tmp_path, "pairs", manifest="list.csv")


def test_several_lists_are_asked_about(tmp_path):
    pairs = sorted(lay(tmp_path, LISTED))
    for name in ("train.txt", "test.txt"):
        text("{}\t{}", name=name)(tmp_path, pairs)
    with pytest.raises(UserError, match=r"2 lists of pairs lie in .*: test\.txt, train\.txt"):
        detect_layout(tmp_path)


def test_two_lists_of_other_pictures_are_no_parallel_lists(tmp_path):
    pairs = sorted(lay(tmp_path, LISTED))
    for name, half in (("train.txt", pairs[:5]), ("test.txt", pairs[5:])):
        (tmp_path / name).write_text("".join(f"{wet}\n" for wet, _ in half))
    assert detect_layout(tmp_path).sides == (("p",), ("q",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line", ["{}", '"{}"', "root/{}", "p\\{0:.0}wet 1.png"])
def test_lists_of_photographs_are_read_in_any_spelling(tmp_path, encoding, line):
    lay(tmp_path / "root", LISTED)
    file = tmp_path / "root" / "photos.txt"
    file.write_bytes((line.format("p/wet 1.png") + "\r\n").encode(encoding))
    pairing = list_items(file, "photographs")
    assert [item.rainy.path.name for item in pairing.items] == ["wet 1.png"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a.png b.png\n", ("column 1", "column 2")),
        ("a b.png c d.png\n", ("column 1", "column 2")),
        ('Rain;Target\n"a;1.png";b.png\n', ("rain", "target")),
        ("id,lq,gt\n1,a.png,b.png\n", ("id", "lq", "gt")),
        (json.dumps({"a.png": "b.png"}), ("column 1", "column 2")),
    ],
)
def test_columns_are_told_apart(tmp_path, content, columns):
    file = tmp_path / ("list.json" if content[0] == "{" else "list.csv")
    file.write_text(content)
    table = read_table(file)
    assert table.columns == columns
    assert len(table.paths()) == 2

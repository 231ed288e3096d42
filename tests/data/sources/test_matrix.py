"""Folders and lists of pairs as people have them: each pairs right, or asks one clear question."""

import pytest

from ssid.data.sources.detection import detect_layout
from ssid.data.sources.items import list_items
from ssid.errors import UserError
from support.layouts import ASKED, FOLDERS, LISTED, LISTS, lay


def paired(root):
    """The pairs that a root holds as detected, and again as the block would say it."""
    found = detect_layout(root)
    assert found.layout == "pairs"
    pairing = list_items(root, "pairs", manifest=found.manifest, sides=found.sides)
    used = {file.name for item in pairing.items for file in item.files}
    assert len(used) + len(pairing.refused) == pairing.files
    return {(item.rainy.name, item.clean.name) for item in pairing.items}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_of_pairs_are_paired(name, tmp_path):
    pairs = lay(tmp_path, FOLDERS[name])
    assert paired(tmp_path) == pairs


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_pairs_are_read(name, tmp_path):
    root = tmp_path / "root"
    pairs = lay(root, LISTED)
    LISTS[name](root, sorted(pairs))
    assert paired(root) == pairs


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_clear_is_asked_once(name, tmp_path):
    lay(tmp_path, ASKED[name])
    with pytest.raises(UserError, match=r"--rainy \w+ --clean \w+"):
        detect_layout(tmp_path)

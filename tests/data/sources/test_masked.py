"""Photographs of real rain with masks of their streaks: found, checked, stored, measured."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ssid.data.params import BenchmarkSet, SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.sources.detection import detect_layout
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.scores import evaluate_set
from ssid.metrics.marking import FALSE_ALARM, HIT, MISSED
from support.hostile import photograph

SIDE = 48


def save(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def streaks(seed=0):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[5:40, 10 + seed : 13 + seed] = True
    return mask


def add(root, name, mask, clean=False):
    truth = photograph(len(name), SIDE, SIDE) // 2
    rainy = truth.copy()
    rainy[streaks()] += 60
    save(root / "rainy" / f"{name}.png", rainy)
    save(root / "mask" / f"{name}.png", mask.astype(np.uint8) * 255)
    if clean:
        save(root / "clean" / f"{name}.png", truth)


def prepared(root, target, **options):
    block = BenchmarkSet(root=str(root), layout="masked", **options)
    prepare("benchmark", "spa", block, target, 1)
    return ImageStore(target)


def test_two_folders_are_recognised_and_stored(tmp_path):
    for name in ("a", "b"):
        add(tmp_path / "in", name, streaks())
    assert detect_layout(tmp_path / "in").layout == "masked"
    store = prepared(tmp_path / "in", tmp_path / "out")
    assert (len(store), store.paired, store.summary.mask) == (2, False, "streaks")
    assert np.array_equal(store.mask(1), streaks())
    store.verify()
    (tmp_path / "out" / "mask.npy").write_bytes(b"")
    with pytest.raises(UserError, match=r"mask\.npy"):
        ImageStore(tmp_path / "out")


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((SIDE, SIDE)), "the mask is black"),
        (np.ones((SIDE, SIDE)), "the mask marks every pixel"),
        (np.zeros((SIDE, SIDE + 1)), "the mask has 49×48 pixels, its photograph 48×48"),
        (np.full((SIDE, SIDE), 0.5), "no mask: 100% of its pixels are neither black nor white"),
    ],
)
def test_a_mask_that_is_none_is_refused_with_the_reason(tmp_path, mask, reason):
    add(tmp_path / "in", "good", streaks())
    add(tmp_path / "in", "bad", streaks())
    save(tmp_path / "in" / "mask" / "bad.png", (mask * 255).astype(np.uint8))
    store = prepared(tmp_path / "in", tmp_path / "out")
    assert [record.source for record in store.records] == ["rainy/good.png"]
    told = json.loads((tmp_path / "out" / "quarantine.json").read_text())
    said = {entry["file"]: entry["reason"] for entry in told}
    assert said["mask/bad.png"].startswith(reason)
    assert said["rainy/bad.png"].startswith("its partner is refused")


def test_a_photograph_without_mask_or_a_file_elsewhere_is_refused(tmp_path):
    add(tmp_path / "in", "a", streaks())
    save(tmp_path / "in" / "rainy" / "b.png", photograph(0, SIDE, SIDE))
    save(tmp_path / "in" / "c.png", photograph(0, SIDE, SIDE))
    prepared(tmp_path / "in", tmp_path / "out")
    told = json.loads((tmp_path / "out" / "quarantine.json").read_text())
    said = {entry["file"]: entry["reason"] for entry in told}
    assert said["rainy/b.png"] == "no mask image has its name"
    assert "neither in a folder" in said["c.png"]


def test_masks_shrink_with_their_photographs(tmp_path):
    add(tmp_path / "in", "a", streaks())
    wide = np.zeros((SIDE, SIDE), bool)
    wide[:, : SIDE // 2] = True
    save(tmp_path / "in" / "mask" / "a.png", wide.astype(np.uint8) * 255)
    mask = prepared(tmp_path / "in", tmp_path / "out", max_side=36).mask(0)
    assert mask.shape == (36, 36)
    assert mask[:, :18].all()
    assert not mask[:, 18:].any()


def test_sets_without_masks_of_an_earlier_version_are_read(tmp_path):
    add(tmp_path / "pairs", "a", streaks(), clean=True)
    block = BenchmarkSet(root=str(tmp_path / "pairs"), layout="pairs")
    prepare("benchmark", "old", block, tmp_path / "out", 1)
    summary = tmp_path / "out" / "summary.json"
    values = json.loads(summary.read_text())
    del values["mask"]
    summary.write_text(json.dumps(values))
    store = ImageStore(tmp_path / "out")
    store.verify()
    assert store.mask(0) is None


def test_what_is_measured_is_not_learnt_from(tmp_path):
    with pytest.raises(ValueError, match="measured on, not learnt from"):
        SyntheticSet(root=str(tmp_path), layout="masked")


@pytest.mark.parametrize("clean", [False, True])
def test_what_is_removed_is_compared_with_the_mask(tmp_path, clean, monkeypatch):
    """One estimate removes the streaks, another nothing, a third light beside them."""
    add(tmp_path / "in", "a", streaks(), clean)
    store = prepared(tmp_path / "in", tmp_path / "out")
    rainy = store.rainy(0)
    perfect, beside = rainy.copy(), rainy.copy()
    perfect[streaks()] -= 60
    beside[streaks(20)] -= 40 * (rainy[streaks(20)] >= 40).astype(np.uint8)
    estimates = iter([perfect, rainy, beside])
    monkeypatch.setattr("ssid.evaluation.scores.derain", lambda *_: next(estimates))
    networks = dict.fromkeys(("perfect", "idle", "wrong"), SimpleNamespace())
    params = EvaluateParams(metrics=["psnr", "niqe"])
    found = evaluate_set(store, networks, params, tmp_path / "pictures")
    scores = {score.method: score.measures for score in found}
    assert scores["perfect"]["streak_auc"] == 1
    assert scores["perfect"]["removed_inside"] == pytest.approx(60)
    assert scores["perfect"]["changed_outside"] == 0
    assert scores["rainy"]["streak_auc"] == scores["idle"]["streak_auc"] == 0.5
    assert scores["wrong"]["streak_auc"] < 0.5
    assert scores["wrong"]["changed_outside"] > 0
    assert ("psnr_y" in scores["perfect"]) == clean
    shown = {
        name: np.asarray(Image.open(tmp_path / f"pictures/rainy/a.png/{name} streaks.png"))
        for name in networks
    }
    assert (shown["perfect"][streaks()] == HIT).all()
    assert (shown["idle"][streaks()] == MISSED).all()
    assert (shown["wrong"][streaks(20)] == FALSE_ALARM).all(axis=1).mean() > 0.5

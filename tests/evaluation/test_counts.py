"""What was refused, or could not be measured, is counted wherever means are shown."""

import numpy as np
import pytest
import torch

from ssid.data.params import BenchmarkSet
from ssid.data.prepare import prepare
from ssid.data.store.reader import ImageStore
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.protocol import describe_protocol
from ssid.evaluation.results import Score
from ssid.evaluation.scores import count_images, describe_counts, measure
from ssid.tracking import flatten
from support.layouts import clean, each, lay
from support.releases import save


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Six pairs: the targets of four are of another size; one picture more has no partner."""
    root = tmp_path_factory.mktemp("set")
    lay(root, each("rainy/{}.png", "clean/{}.png", (1, 2, 3, 4, 5, 6)))
    for i in (1, 2, 3, 4):
        save(root / f"clean/{i}.png", clean(i)[:40])
    save(root / "rainy/7.png", clean(7))
    (root / "notes.txt").write_text("no image")
    block = BenchmarkSet(root=str(root), layout="pairs")
    prepare("benchmark", "b", block, root / "out/b", 1)
    return ImageStore(root / "out/b")


@pytest.fixture
def scores(store):
    """PSNR of both, and NIQE of neither but one of the rainy images."""
    psnr = {"psnr_y": 20.0, "psnr_rgb": 20.0, "sharpness": 1.0}
    measures = {"rainy": [psnr | {"niqe": 3.0}, psnr], "student": [psnr, psnr]}
    return [
        Score("benchmark", "b", record.name, method, measures[method][i])
        for i, record in enumerate(store.records)
        for method in measures
    ]


def test_refused_pairs_are_counted_with_their_reasons(store):
    assert store.summary.images == 2
    assert store.summary.refused == {
        "the sizes of the pair differ": 4,
        "no clean image has its name or number": 1,
    }


def test_what_is_missing_stands_in_the_metrics_and_in_the_protocol(store, scores):
    counts = count_images([store], scores, ["psnr", "niqe"])
    expected = {"images": 7, "measured": 2, "refused": 5, "niqe_missing": 2}
    assert counts == {"benchmark": {"b": expected}}
    assert dict(flatten({"images": counts}))["images.benchmark.b.refused"] == 5  # in MLflow
    assert describe_counts(counts) == [
        "benchmark/b: 2 of 7 images measured, refused 5, niqe missing 2"
    ]
    protocol = describe_protocol(
        [store], EvaluateParams(metrics=["psnr", "niqe"]), torch.device("cpu"), scores
    )
    of_set = protocol["sets"]["benchmark/b"]
    assert (of_set["images"], of_set["measured"]) == (7, 2)
    assert of_set["refused"] == store.summary.refused


def test_a_set_without_gaps_says_nothing(store, scores):
    counts = count_images([store], scores, ["psnr"])
    counts["benchmark"]["b"]["refused"] = 0
    assert describe_counts(counts) == []


@pytest.mark.parametrize(("side", "measured"), [(96 * 3 - 1, False), (96 * 3, True)])
def test_niqe_of_few_blocks_is_no_number(side, measured):
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    assert ("niqe" in measure(picture, None, ["niqe"])) == measured

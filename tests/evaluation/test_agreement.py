"""What other networks make of the estimates of a set, whoever they are and however many help."""

import pytest
import torch

from ssid.data.store.reader import ImageStore
from ssid.evaluation import downstream
from ssid.evaluation.downstream import find_objects, measure_downstream, read_estimates
from ssid.evaluation.metric_models import MetricModels
from ssid.evaluation.scores import save_pictures
from ssid.metrics.downstream import Boxes

METHODS = ["rainy", "perfect"]


def segment(image):
    """Three classes by brightness."""
    return (image.mean(dim=0) * 3).long().clamp(max=2)


def detect(image):
    """One certain object that covers what is bright, and one uncertain one at the corner."""
    rows, columns = torch.nonzero(image.mean(dim=0) > 0.7, as_tuple=True)
    bright = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    corners = torch.tensor([bright, [0, 0, 5, 5]], dtype=torch.float32)
    return Boxes(corners, torch.tensor([1, 2]), torch.tensor([0.9, 0.4]))


@pytest.fixture(scope="module")
def store(project):
    return ImageStore(project.prepared / "benchmark" / "tiny")


@pytest.fixture(scope="module")
def folder(store, tmp_path_factory):
    """The rainy images, and the clean ones as the estimates of a perfect method."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, record in enumerate(store.records):
        pictures = {"rainy": store.rainy(index), "perfect": store.clean(index)}
        save_pictures(folder / record.name, pictures)
    return folder


def test_a_perfect_estimate_agrees_and_rain_does_not(store, folder):
    models = MetricModels(segmenter=segment, classes=9, detector=detect)
    numbers = measure_downstream(store, METHODS, None, models, folder)
    assert numbers["perfect"] == {"mpa": 1, "miou": 1, "map": 1}
    assert 0 < numbers["rainy"]["miou"] < numbers["rainy"]["mpa"] < 1


def test_only_who_is_asked_answers(store, folder):
    assert measure_downstream(store, METHODS, 2, MetricModels(), folder) == {m: {} for m in METHODS}
    numbers = measure_downstream(store, METHODS, 2, MetricModels(detector=detect), folder)
    assert set(numbers["rainy"]) == {"map"}


def test_without_a_certain_object_in_clean_images_there_is_no_precision(store, folder):
    def doubt(image):
        return detect(image)._replace(scores=torch.tensor([0.49, 0.1]))

    numbers = measure_downstream(store, METHODS, 2, MetricModels(detector=doubt), folder)
    assert numbers == {method: {} for method in METHODS}


def test_objects_come_in_the_order_of_storage(store, folder, monkeypatch):
    """As if another process had found its share before, which ranks equal scores otherwise."""

    def found(indices):
        return find_objects(read_estimates(store, METHODS, indices, folder), detect)

    whole = found(range(5))
    shares = []
    monkeypatch.setattr(downstream, "gather_object", lambda share: shares.append(share) or share)
    found([1, 3])
    monkeypatch.setattr(downstream, "gather_object", lambda share: shares[0] + share)
    joined = found([0, 2, 4])
    for one, other in zip(whole, joined, strict=True):
        assert all(
            torch.equal(*pair) for name in one for pair in zip(one[name], other[name], strict=True)
        )

"""Agreement of labels and of objects, against values worked out by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score

from ssid.metrics.downstream import (
    Boxes,
    average_precision,
    confusion,
    mean_average_precision,
    mean_iou,
    mean_pixel_accuracy,
)


def boxes(*rows):
    """Objects as (left, top, right, bottom, label, score)."""
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4].long(), table[:, 5])


def test_two_by_two_labels_by_hand():
    reference = torch.tensor([[0, 0], [1, 1]])
    predicted = torch.tensor([[0, 1], [1, 1]])
    matrix = confusion(predicted, reference, classes=2)
    assert matrix.tolist() == [[1, 1], [0, 2]]
    assert mean_pixel_accuracy(matrix) == pytest.approx((1 / 2 + 2 / 2) / 2)
    assert mean_iou(matrix) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_classes_that_are_nowhere_are_left_out():
    reference = torch.tensor([[0, 0], [1, 1]])
    predicted = torch.tensor([[0, 1], [1, 1]])
    few, many = (confusion(predicted, reference, classes) for classes in (2, 9))
    assert mean_pixel_accuracy(few) == mean_pixel_accuracy(many)
    assert mean_iou(few) == mean_iou(many)


def test_a_class_that_is_only_predicted_lowers_miou_and_not_mpa():
    matrix = confusion(torch.tensor([0, 0, 0, 2]), torch.tensor([0, 0, 0, 0]), classes=3)
    assert mean_pixel_accuracy(matrix) == 3 / 4
    assert mean_iou(matrix) == (3 / 4 + 0) / 2


labels = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(labels)
def test_perfect_agreement_is_one(values):
    matrix = confusion(torch.tensor(values), torch.tensor(values), classes=4)
    assert mean_pixel_accuracy(matrix) == mean_iou(matrix) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_labels_agree_with_scikit_learn(pairs):
    reference, predicted = zip(*pairs, strict=True)
    matrix = confusion(torch.tensor(predicted), torch.tensor(reference), classes=4)
    assert matrix.tolist() == confusion_matrix(reference, predicted, labels=range(4)).tolist()
    seen = sorted({*reference, *predicted})
    expected = jaccard_score(reference, predicted, labels=seen, average="macro")
    assert mean_iou(matrix) == pytest.approx(expected)


def test_sums_over_images_are_divided_and_not_averaged():
    mostly_sky = confusion(torch.tensor([0] * 9 + [0]), torch.tensor([0] * 9 + [1]), classes=2)
    street = confusion(torch.tensor([1] * 10), torch.tensor([1] * 10), classes=2)
    assert mean_pixel_accuracy(mostly_sky + street) == pytest.approx((9 / 9 + 10 / 11) / 2)


CAR = (0, 0, 10, 10)
TREE = (50, 50, 60, 70)


def test_the_same_objects_are_perfect():
    truth = [boxes((*CAR, 1, 0.9), (*TREE, 2, 0.6)), boxes(), boxes((*CAR, 2, 0.7))]
    assert mean_average_precision(truth, truth) == 1


def test_average_precision_by_hand():
    truth = [boxes((*CAR, 1, 1), (*TREE, 1, 1))]
    found = [boxes((*CAR, 1, 0.9), (80, 0, 90, 10, 1, 0.8), (*TREE, 1, 0.7))]
    # Recall ½ at precision 1, then a wrong one, then recall 1 at precision ⅔.
    assert average_precision(found, truth, 0.5) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # What was found in another image is of no use, but its rank counts.
    found = [boxes((*CAR, 1, 0.9)), boxes((*TREE, 1, 0.95))]
    assert average_precision(found, [truth[0], boxes()], 0.5) == pytest.approx(0.5 * 1 / 2)


def test_precision_is_that_of_the_best_recall_further_on():
    truth = [boxes((*CAR, 1, 1), (*TREE, 1, 1))]
    found = [boxes((80, 0, 90, 10, 1, 0.9), (*CAR, 1, 0.8), (*TREE, 1, 0.7))]
    # Precision ½ at recall ½ is raised to the ⅔ at recall 1.
    assert average_precision(found, truth, 0.5) == pytest.approx(2 / 3)


def test_an_object_counts_once():
    found = [boxes((*CAR, 1, 0.9), (*CAR, 1, 0.8), (*TREE, 1, 0.7))]
    truth = [boxes((*CAR, 1, 1), (*TREE, 1, 1))]
    assert average_precision(found, truth, 0.5) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize(("iou", "expected"), [(0.5, 1.0), (0.51, 0.0)])
def test_the_threshold_is_on_intersection_over_union(iou, expected):
    half = [boxes((0, 0, 10, 5, 1, 0.9))]  # 50 of 100 square pixels
    assert mean_average_precision(half, [boxes((*CAR, 1, 1))], iou) == expected


def test_classes_of_the_reference_count_alike():
    truth = [boxes((*CAR, 1, 1), (*TREE, 2, 1))]
    assert mean_average_precision([boxes((*CAR, 1, 0.9))], truth) == 0.5
    # A class that only the estimate has is left out; one that is found as another is lost.
    assert mean_average_precision([boxes((*CAR, 1, 0.9), (*TREE, 3, 0.9))], truth) == 0.5


def test_without_objects_there_is_no_precision():
    assert mean_average_precision([boxes((*CAR, 1, 0.9))], [boxes()]) is None
    assert mean_average_precision([boxes()], [boxes((*CAR, 1, 1))]) == 0


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 3))
def test_any_ranking_follows_the_definition(ranking, missed):
    """For each object of the reference: the best precision of all cuts that reach its recall."""
    total = sum(ranking) + missed
    if total == 0:
        return
    rows = [(20 * i, 0, 20 * i + 10, 10, 1, 1 / (1 + i)) for i in range(len(ranking))]
    unseen = [(0, 100 + 20 * i, 10, 110 + 20 * i, 1, 1) for i in range(missed)]
    truth = boxes(*(row for row, right in zip(rows, ranking, strict=True) if right), *unseen)
    cuts = [(sum(ranking[:n]), sum(ranking[:n]) / n) for n in range(1, len(ranking) + 1)]
    best = [max((p for hits, p in cuts if hits >= k), default=0) for k in range(1, total + 1)]
    ours = average_precision([boxes(*rows)], [truth], 0.5)
    assert ours == pytest.approx(sum(best) / total)

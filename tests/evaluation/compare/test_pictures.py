"""Sheets of the images on which two evaluations differ most."""

import numpy as np
import pytest
from PIL import Image

from ssid.errors import UserError
from ssid.evaluation.compare.pictures import write_extremes
from ssid.evaluation.compare.runs import compare_runs
from ssid.evaluation.results import Score, write_scores
from ssid.pictures import CELL, STRIP

NO_STORE = "sqlite:///absent.db"
RAIN, FIRST, SECOND, TRUTH = 40, 90, 150, 220
"""Levels of grey of the pictures."""


def evaluation(folder, values, level, metric="psnr_y", role="benchmark"):
    """Leave an evaluation whose pictures are plain; image i has the height 32 + i."""
    scores = []
    for i, value in enumerate(values):
        place = folder / "pictures" / role / "street" / f"image{i}"
        place.mkdir(parents=True)
        shown = {"rainy": RAIN, "student": level}
        for name, grey in (shown | {"clean": TRUTH} if role == "benchmark" else shown).items():
            picture = np.full((32 + i, 64, 3), grey, np.uint8)
            Image.fromarray(picture).save(place / f"{name}.png")
        measures = dict(**{metric: value})
        scores.append(Score(role, "street", f"image{i}", "student", measures))
    write_scores(folder / "images.csv", scores)
    return str(folder)


def sheets(sources, folder):
    return write_extremes(compare_runs(sources, "student", NO_STORE), "student", folder)


def levels(sheet, row, rows):
    """Return the grey in the middle of each picture of a row."""
    height = sheet.height // rows
    middle = row * height + STRIP + (height - STRIP) // 2
    columns = range(CELL[0] // 2, sheet.width, CELL[0])
    return [sheet.convert("L").getpixel((x, middle)) for x in columns]


def test_the_largest_gain_stands_above_the_largest_loss(tmp_path):
    a = evaluation(tmp_path / "a", [20.0, 20.0, 20.0], FIRST)
    b = evaluation(tmp_path / "b", [21.0, 25.0, 18.0], SECOND)
    (path,) = sheets([a, b], tmp_path / "compared")
    assert path == tmp_path / "compared/benchmark-street.jpg"
    sheet = Image.open(path)
    gain, loss = (round(CELL[0] * side / 64) for side in (33, 34))  # fitted to the width
    assert sheet.size == (4 * CELL[0], 2 * STRIP + gain + loss)
    for row in range(2):
        assert levels(sheet, row, 2) == pytest.approx([RAIN, FIRST, SECOND, TRUTH], abs=3)


def test_without_truth_the_lower_niqe_gains(tmp_path):
    a = evaluation(tmp_path / "a", [5.0, 5.0], FIRST, "niqe", "real")
    b = evaluation(tmp_path / "b", [4.0, 6.0], SECOND, "niqe", "real")
    (comparison,) = (c for c in compare_runs([a, b], "student", NO_STORE) if c.baseline)
    assert comparison.extremes() == {"gain": ("image0", -1.0), "loss": ("image1", 1.0)}
    (path,) = sheets([a, b], tmp_path / "compared")
    sheet = Image.open(path)
    assert path.name == "real-street.jpg"
    assert sheet.width == 3 * CELL[0]
    assert levels(sheet, 0, 2) == pytest.approx([RAIN, FIRST, SECOND], abs=3)


def test_scores_alone_have_nothing_to_show(tmp_path):
    a = evaluation(tmp_path / "a", [20.0], FIRST)
    b = evaluation(tmp_path / "b", [21.0], SECOND)
    (tmp_path / "b/pictures/benchmark/street/image0/student.png").unlink()
    with pytest.raises(UserError, match=r"there is no picture .*image0/student\.png"):
        sheets([a, b], tmp_path / "compared")


def test_no_name_leads_out_of_the_pictures(tmp_path):
    a = evaluation(tmp_path / "a", [20.0], FIRST)
    b = evaluation(tmp_path / "b", [21.0], SECOND)
    for folder in (tmp_path / "a", tmp_path / "b"):
        table = folder / "images.csv"
        table.write_text(table.read_text().replace("image0", "../../../../secret"))
    with pytest.raises(UserError, match="lies outside"):
        sheets([a, b], tmp_path / "compared")

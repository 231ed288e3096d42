"""The page: self-contained, accessible, honest, harmless and always the same."""

import base64
import hashlib
import json
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from pipelines import report
from ssid.errors import UserError
from ssid.evaluation.report.page import write_report

HOSTILE = "<script>alert(1)</script>\" onerror='x'.png"
HEADINGS = {"h1", "h2", "h3", "h4"}
VOID = {"meta", "img", "input", "line", "polyline", "circle"}


class Page(HTMLParser):
    """The elements of a page with the text below each; fails where tags are not balanced."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open = [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attributes):
        return [e for e in self.elements if e["tag"] == tag and attributes.items() <= e.items()]

    def text(self):
        return " ".join(self.all("body")[0]["text"].split())


@pytest.fixture
def build(tmp_path, params):
    def build(evaluation, pictures=4):
        output = tmp_path / "report" / "index.html"
        write_report(evaluation, params, output, pictures, tmp_path / "rain")
        return Page(output.read_text("utf-8"))

    return build


def test_nothing_is_loaded_from_elsewhere(build, evaluation):
    page = build(evaluation)
    links = [
        e[key] for e in page.elements for key in ("src", "href", "srcset", "action") if key in e
    ]
    assert links
    assert all(link.startswith(("data:image/webp;base64,", "#")) for link in links)
    assert not page.all("link")
    for code in (*page.all("style"), *page.all("script")):
        assert not any(word in code["text"] for word in ("http", "//cdn", "url(", "@import"))


def test_the_policy_admits_our_style_and_script_and_nothing_else(build, evaluation):
    page = build(evaluation)
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (element,) = page.all(tag)
        digest = hashlib.sha256(element["text"].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert not [e for e in page.elements if any(k == "style" or k.startswith("on") for k in e)]


def test_names_of_images_are_harmless(build, evaluation):
    page = build(evaluation, pictures=9)
    assert len(page.all("script")) == 1
    assert not [e for e in page.elements if "onerror" in e]
    assert [e for e in page.all("h4") if HOSTILE in e["text"]]
    assert [e for e in page.all("img") if e["alt"].startswith(HOSTILE)]


def test_people_who_do_not_see_the_pictures_are_told(build, evaluation):
    page = build(evaluation)
    assert page.all("html", lang="en")
    assert all(image["alt"] and image["width"] == "32" for image in page.all("img"))
    assert all(slider["aria-label"] for slider in page.all("input", type="range"))
    ids = [e["id"] for e in page.elements if "id" in e]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)
    assert all(e["aria-labelledby"] in ids for e in page.elements if "aria-labelledby" in e)


def test_headings_are_in_order(build, evaluation):
    levels = [int(e["tag"][1]) for e in build(evaluation).elements if e["tag"] in HEADINGS]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_shown_image_has_a_slider_and_the_other_pictures(build, evaluation):
    page = build(evaluation, pictures=3)
    panels = page.all("article")
    assert len(panels) == 3 + 2 + 3
    assert len(page.all("input", type="range")) == len(panels) + 1  # and the one at the top
    choices = [radio["value"] for radio in page.all("input", type="radio")]
    masked = ["student", "student streaks", "teacher"]
    assert choices == [
        *["student", "teacher", "clean"] * 3,
        *masked * 2,
        *["student", "teacher"] * 3,
    ]
    for name in {radio["name"] for radio in page.all("input", type="radio")}:
        assert [r for r in page.all("input", name=name) if "checked" in r]


@pytest.mark.parametrize(
    ("pictures", "captions"),
    [
        (1, ["Worst b.png"]),
        (2, ["Best deep/d.png", "Worst b.png"]),
        (3, ["Best deep/d.png", "Median e.png", "Worst b.png"]),
        (4, ["Best deep/d.png", "Rank 2 of 5 a.png", "Median e.png", "Worst b.png"]),
    ],
)
def test_the_worst_image_is_always_shown(build, pairs_only, pictures, captions):
    shown = [" ".join(e["text"].split()) for e in build(pairs_only, pictures).all("h4")]
    assert shown == captions


def test_the_headline_says_what_the_networks_gain_and_cost(build, evaluation):
    text = build(evaluation).text()
    assert "+2.10 dB PSNR (Y) of the student" in text  # mean of 3, −1.5, 1, 6 and 2
    assert "20.00 dB → 22.10 dB · teacher +5.00 dB" in text
    assert "NIQE of the student" not in text
    assert "NIQE, which overlooks real rain: 5.25 → 4.20" in text  # a fifth of the mean less
    assert "+0.200 AUC of streaks of the student" in text
    assert "80% of the sharpness kept" in text
    assert "5.0× faster and 6.3× smaller" in text
    assert "12.0 instead of 60.0 ms" in text
    assert "166,767 instead of 1,043,211 parameters" in text


def test_a_loss_is_called_a_loss(build, pairs_only):
    cells = build(pairs_only, pictures=1).all("span", **{"class": "change worse"})
    assert [cell["text"] for cell in cells] == ["−1.50 dB", "−1.50 dB"]


def test_stand_ins_are_labelled_wherever_they_are_named(build, evaluation):
    page = build(evaluation)
    badges = page.all("span", **{"class": "badge standin"})
    assert len(badges) == 4  # card, pictures, numbers, data
    assert {badge["text"] for badge in badges} == {"stand-in for real rain (rendered)"}
    assert "No photograph of real rain was used here." in page.text()


def test_real_rain_is_not_called_a_stand_in(build, evaluation):
    protocol = evaluation / "protocol.json"
    protocol.write_text(protocol.read_text().replace("stand-in for real rain (rendered)", "real"))
    text = build(evaluation).text()
    assert "stand-in" not in text.split("Parameters All of it")[0]
    assert "real rain, no clean images" in text


def test_the_protocol_and_the_digests_are_on_the_page(build, evaluation):
    text = build(evaluation).text()
    assert "rounded to 8 bit" in text
    assert "BT.601" in text
    assert "Means over 5 of 50 images" in text
    assert "Means over 3 of 7 images (4 refused: 4 × the sizes of the pair differ)" in text
    assert "ab" * 32 in text
    assert "cd" * 32 in text


def test_parameters_are_there_with_their_comments(build, evaluation, params):
    page = build(evaluation)
    texts = {e["text"] for e in page.all("code")}
    assert all(file.read_text() in texts for file in params.glob("*.yaml"))
    assert len(page.all("details")) == len(list(params.glob("*.yaml")))


def test_equal_input_gives_equal_bytes_anywhere(tmp_path, evaluation, params):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(evaluation, elsewhere / "evaluation")
    pages = [tmp_path / "1.html", tmp_path / "2.html", elsewhere / "3.html"]
    for folder, page in zip((evaluation, evaluation, elsewhere / "evaluation"), pages, strict=True):
        write_report(folder, params, page, 4, folder / "rain")
    assert len({page.read_bytes() for page in pages}) == 1


def test_a_picture_that_changes_changes_the_page(build, evaluation, tmp_path):
    build(evaluation)
    before = (tmp_path / "report" / "index.html").read_bytes()
    picture = evaluation / "pictures" / "benchmark" / "pairs" / "b.png"
    shutil.copy(picture / "clean.png", picture / "student.png")
    build(evaluation)
    assert (tmp_path / "report" / "index.html").read_bytes() != before


def test_a_page_without_real_sets_says_so(build, pairs_only):
    text = build(pairs_only).text()
    assert "No real set was evaluated." in text
    assert "NIQE" not in text.split("Parameters All of it")[0]


def test_a_page_without_curves_says_so(build, evaluation):
    shutil.rmtree(evaluation / "curves")
    assert "No curves:" in build(evaluation).text()


def test_values_that_are_no_numbers_are_counted(build, evaluation):
    with (evaluation / "curves" / "distill.csv").open("a") as file:
        file.write("110,nan,\n")
    assert "cannot be drawn: 1." in build(evaluation).text()


def test_a_page_without_pictures_still_has_the_numbers(build, evaluation):
    shutil.rmtree(evaluation / "pictures")
    page = build(evaluation)
    assert not page.all("img")
    assert "The pictures of this image are not in the evaluation folder" in page.text()
    assert "Worst b.png" in page.text()


def test_no_pictures_can_be_asked_for(build, evaluation):
    page = build(evaluation, pictures=0)
    assert not page.all("img")
    assert "No pictures: pictures: 0" in page.text()


def test_a_missing_evaluation_is_explained(build, tmp_path):
    with pytest.raises(UserError, match=r"no folder .*nowhere.*uv run dvc repro"):
        build(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("metrics.json", None),
        ("metrics.json", "{"),
        ("metrics.json", "[1]"),
        ("metrics.json", "{}"),
        ("protocol.json", "{}"),
        ("images.csv", "a,b\n1,2\n"),
        ("images.csv", "role,set,image,method,psnr_y\nbenchmark,pairs,a.png,rainy,loud\n"),
        ("images.csv", "role,set,image,method,psnr_y\n"),
        ("curves/distill.csv", "step,loss\n1,2\n"),
    ],
)
def test_a_broken_evaluation_is_explained(build, evaluation, file, content):
    if content is None:
        (evaluation / file).unlink()
    else:
        (evaluation / file).write_text(content)
    with pytest.raises(UserError, match="evaluat"):
        build(evaluation)


def test_no_picture_outside_the_evaluation_is_read(build, pairs_only):
    images = pairs_only / "images.csv"
    images.write_text(images.read_text().replace("b.png", "../../../elsewhere"))
    with pytest.raises(UserError, match="lies outside"):
        build(pairs_only)


def test_the_stage_writes_the_page_of_its_project(monkeypatch, tmp_path, evaluation, params):
    monkeypatch.chdir(tmp_path)
    report.main()
    assert (tmp_path / "report" / "index.html").read_text().startswith("<!DOCTYPE html>")


def rewrite(file, change):
    content = json.loads(file.read_text("utf-8"))
    change(content)
    file.write_text(json.dumps(content), "utf-8")


def test_memory_is_shown_and_on_a_gpu_its_peak(build, evaluation):
    text = build(evaluation).text()
    assert "96.5 MiB" in text
    assert "counted from their shapes" in text
    assert "Peak memory" not in text

    def on_cuda(metrics):
        for cost in metrics["network"].values():
            cost["peak_memory_mib"] = 321.5

    rewrite(evaluation / "metrics.json", on_cuda)
    text = build(evaluation).text()
    assert "Peak memory" in text
    assert "321.5 MiB" in text


def test_what_was_not_measured_has_no_column(build, evaluation):
    headings = {heading["text"] for heading in build(evaluation).all("th")}
    assert not {"LPIPS", "mPA", "mIoU", "mAP"} & headings


def test_lpips_and_other_networks_are_shown_with_their_protocol(build, evaluation):
    def judged(metrics):
        values = {"rainy": 0.4, "teacher": 0.3, "student": 0.1}
        for method, means in metrics["benchmark"]["pairs"].items():
            means |= {"lpips": values[method], "mpa": 1 - values[method], "miou": 0.5, "map": 0.25}

    rewrite(evaluation / "metrics.json", judged)
    rewrite(evaluation / "protocol.json", lambda p: p.update(downstream="mPA: a Unet with care"))
    page = build(evaluation)
    assert {"LPIPS", "mPA", "mIoU", "mAP"} <= {heading["text"] for heading in page.all("th")}
    better = {cell["text"] for cell in page.all("span", **{"class": "change better"})}
    assert {"−0.3000", "+0.300"} <= better  # LPIPS falls, mPA rises
    assert "LPIPS: version 0.1, trunk AlexNet, RGB; lower is better." in page.text()
    assert "mPA: a Unet with care." in page.text()

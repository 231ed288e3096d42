"""The report: one HTML file that needs no network and is the same for the same evaluation."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ssid.evaluation.report.experiment import (
    Experiment,
    describe_data,
    describe_networks,
    read_experiment,
)
from ssid.evaluation.report.figures import Chart, draw_chart
from ssid.evaluation.report.rain import FittedFigure, read_fitted
from ssid.evaluation.report.results import STUDENT, TEACHER, Results, read_results
from ssid.evaluation.report.sections import first_look, make_sections
from ssid.metrics.marking import SEEN

STAGES = {"pretrain": TEACHER, "distill": STUDENT}


def write_report(evaluation: Path, params: Path, output: Path, pictures: int, rain: Path) -> None:
    """Write the page that shows an evaluation.

    Args:
        evaluation: folder that :func:`ssid.evaluation.run.evaluate` wrote.
        params: folder of the parameter files that led to it.
        output: HTML file to write; its folder is made.
        pictures: images shown per data set; the worst of each is always among them.
        rain: folder of what was fitted to real sets; it need not exist.

    Raises:
        UserError: if the evaluation or the parameters are missing or cannot be understood.
    """
    results = read_results(evaluation)
    experiment = read_experiment(params)
    fitted = read_fitted(rain, experiment.catalogue.real)
    page = render(results, experiment, pictures, fitted)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(page.encode("utf-8"))


def render(
    results: Results, experiment: Experiment, pictures: int, fitted: Sequence[FittedFigure]
) -> str:
    """Return the page as HTML; everything that is not ours is escaped."""
    environment = Environment(
        loader=PackageLoader("ssid.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = make_sections(results, experiment, pictures)
    style, script = (_source(environment, name) for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2").render(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        sections=sections,
        first=first_look(sections),
        fitted=fitted,
        protocol=results.protocol,
        seen=SEEN,
        networks=describe_networks(experiment, results),
        speed=_ratio(results, "latency_ms", "faster", "as fast", "slower"),
        size=_ratio(results, "parameters", "smaller", "as large", "larger"),
        measured=results.networks,
        curves=draw_curves(results),
        data=describe_data(experiment, results),
        files=experiment.files,
    )


def draw_curves(results: Results) -> list[Chart]:
    """Return the curves of training: validation of all stages together, and the loss of each."""
    psnr = {
        STAGES.get(stage, stage): curve["psnr"] for stage, curve in sorted(results.curves.items())
    }
    charts = [
        draw_chart("Validation on held-out pairs", "optimizer step", "PSNR (RGB), dB", psnr),
        *(
            draw_chart(
                f"Training loss of the {STAGES.get(stage, stage)}",
                "optimizer step",
                "loss, weighted sum",
                {STAGES.get(stage, stage): results.curves[stage]["loss"]},
            )
            for stage in sorted(results.curves, reverse=True)
        ),
    ]
    return [chart for chart in charts if chart]


def _ratio(results: Results, measure: str, less: str, equal: str, more: str) -> str:
    """Return how the student compares with the teacher, such as ``6.1× faster``."""
    teacher, student = (results.networks[method][measure] for method in (TEACHER, STUDENT))
    ratio = max(teacher, student) / min(teacher, student)
    if ratio < 1.05:
        return equal
    return f"{ratio:.1f}× {less if student < teacher else more}"


def _source(environment: Environment, name: str) -> Markup:
    """Return one of our own files as it is: the only text on the page that is not escaped."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


def _hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits an inline script or style."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()

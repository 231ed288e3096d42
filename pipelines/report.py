"""DVC stage: one self-contained page with tables, curves and pictures."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.entry import run
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.report.page import write_report


def main() -> None:
    """Read evaluation/ and params/, leave report/index.html."""
    params = Path("params")
    pictures = load_params(params / "evaluate.yaml", EvaluateParams).pictures
    output, rain = Path("report/index.html"), Path("models/rain")
    write_report(Path("evaluation"), params, output, pictures, rain)


if __name__ == "__main__":
    run(main)

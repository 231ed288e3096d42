"""DVC stage: one self-contained page with tables, curves and pictures."""

from pathlib import Path

from ssid.report.page import write_report

from ssid.entry import reporting


def main() -> None:
    """Read evaluation/ and runs/, leave report/index.html."""
    write_report(Path("evaluation"), Path("params"), Path("report/index.html"))


if __name__ == "__main__":
    with reporting():
        main()

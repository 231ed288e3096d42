"""Train and measure every variant of a table: same data, student, steps and batches for all.

    python -m benchmarks.ablation rain_prior --data ../shared/data
    python -m benchmarks.ablation shift --data ../shared/data --only 'light_to_heavy/*'
    python -m benchmarks.ablation sapnet --quick

The tables are benchmarks/params/<table>.yaml. Finished runs are kept in runs/benchmarks under the
fingerprint of all that decides them, and an interrupted one goes on from its checkpoint: the same
command continues. Fingerprints do not know the code of ssid; delete the folder when it changes.
Variants of which no run is finished here keep the rows that the file of results has of them, if
their parameters are the same.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.extremes import draw_extremes
from benchmarks.runs import Outcome, Workspace, finish, finished, folders_of
from benchmarks.sets import load_catalogue, prepare_missing, prepared_in
from benchmarks.summary import RAINY, kept_of, markdown, report, rows_of
from benchmarks.tables import QUICK, Scale, Table, Training, load_table, plan
from ssid.entry import reporting
from ssid.errors import UserError
from ssid.tracking import commit, tracking_uri

PARAMS = Path("benchmarks/params")
RUNS = Path("runs/benchmarks")
RESULTS = Path("benchmarks/results")
INTERVALS = "Intervals cover the choice of images and, where there are several, of seeds."
TABLES = (
    *("rain_prior", "rain_prior_recurrent", "sapnet", "afrnet"),
    *("shift", "fitted", "alignment", "rain800"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a table, print it, and write its JSON file."""
    options = parse(arguments)
    path = PARAMS / f"{options.table}.yaml"
    catalogue = load_catalogue(options.data, small=options.quick)
    project = prepared_in(options.runs, catalogue)
    scale = QUICK if options.quick else Scale(tuple(options.seeds), options.steps)
    runs = plan(path, catalogue, scale)
    chosen = [run for run in runs if is_chosen(run, options.only)]
    if not chosen:
        names = ", ".join(dict.fromkeys(f"{run.setting}/{run.variant}" for run in runs))
        raise UserError(f"--only {shlex.join(options.only)} fits none of: {names}.")
    prepare_missing(project, catalogue, (place for run in chosen for place in run.places))
    workspace = Workspace(catalogue, project, None if options.quick else tracking_uri())
    work_through(chosen, workspace)
    command = shlex.join(["python", "-m", "benchmarks.ablation", *(arguments or sys.argv[1:])])
    table = load_table(path)
    conclude(table, runs, workspace, command, options.output / path.with_suffix(".json").name)
    if options.pictures:
        baseline = next(iter(table.variants))
        for sheet in draw_extremes(chosen, runs, baseline, workspace, options.runs / "pictures"):
            print(f"wrote {sheet}")


def conclude(
    table: Table, runs: Sequence[Training], workspace: Workspace, command: str, target: Path
) -> None:
    """Print what the finished runs of a table say, and write it to ``target``.

    Of variants of which none is finished here, what ``target`` says already is kept, if it was
    measured with the same parameters.
    """
    settings: dict[str, list[Outcome]] = {run.setting: [] for run in runs}
    for run in runs:
        outcome = finished(run, workspace)
        if outcome is not None:
            settings[run.setting].append(outcome)
    baseline = next(iter(table.variants))
    earlier = json.loads(target.read_text("utf-8")) if target.is_file() else {}
    kept = kept_of(earlier, settings, folders_of(runs, workspace))
    order = [RAINY, *dict.fromkeys(run.variant for run in runs)]
    rows = {
        name: sorted(
            rows_of(outcomes, baseline) + kept[name].rows, key=lambda row: order.index(row.variant)
        )
        for name, outcomes in settings.items()
    }
    for name, shown in rows.items():
        if shown:
            print(f"\n## {table.title}: {name}\n\nDifferences are to {baseline!r}. {INTERVALS}\n")
            print(markdown(shown))
    origin = {"command": command, "commit": commit()}
    content = origin | report(table.title, settings, kept, rows)
    results = json.dumps(content, indent=2, ensure_ascii=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"{results}\n")
    print(f"\nwrote {target}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("table", choices=TABLES)
    add("--data", type=Path, help="folder of photographs; default: those in installed packages")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the students (0 1 2)")
    add("--steps", type=int, help="of a student; teachers keep their proportion to it")
    add("--only", nargs="+", default=["*"], help="patterns of <setting>/<variant> to run")
    add("--quick", action="store_true", help="try the code on thumbnails; nothing is recorded")
    add("--pictures", action="store_true", help="of the largest gains and losses, in the runs")
    add("--runs", type=Path, default=RUNS, help=f"folder of all runs ({RUNS})")
    add("--output", type=Path, help=f"folder of the JSON file ({RESULTS}; with --quick, --runs)")
    options = parser.parse_args(arguments)
    options.output = options.output or (options.runs if options.quick else RESULTS)
    return options


def is_chosen(run: Training, patterns: Iterable[str]) -> bool:
    """Return whether a pattern fits ``<setting>/<variant>`` of a run."""
    return any(fnmatch(f"{run.setting}/{run.variant}", pattern) for pattern in patterns)


def work_through(runs: Sequence[Training], workspace: Workspace) -> None:
    """Finish all runs, and say after each how long the rest will take at its pace."""
    waiting = [run for run in runs if finished(run, workspace) is None]
    print(f"{len(runs) - len(waiting)} of {len(runs)} runs are finished already")
    for number, run in enumerate(waiting, start=1):
        start = time.monotonic()
        print(f"\n{run} ({number} of {len(waiting)})", flush=True)
        finish(run, workspace)
        pace = (time.monotonic() - start) / run.params.steps
        steps = sum(later.params.steps for later in waiting[number:])
        print(f"{pace:.2f} s a step; the other {steps} steps take {pace * steps / 60:.0f} min")


if __name__ == "__main__":
    with reporting():
        main()

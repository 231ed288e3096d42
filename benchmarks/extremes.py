"""Where the variants of a table differ most from its baseline, to be looked at."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.runs import Outcome, Workspace, finished, job_of, model_of
from benchmarks.sets import open_place
from benchmarks.tables import Training
from ssid.evaluation.compare.pictures import MAX_BYTES, RANKING, caption
from ssid.evaluation.compare.runs import Comparison
from ssid.inference import derain
from ssid.models import load_model
from ssid.pictures import Row, write_rows


def draw_extremes(
    chosen: Sequence[Training],
    runs: Sequence[Training],
    baseline: str,
    workspace: Workspace,
    out: Path,
) -> list[Path]:
    """Write ``<setting>_<variant>_<seed>.jpg`` for every finished run that is chosen.

    Each shows, of every set, the images of the largest gain and of the largest loss over the
    baseline of the same seed: rainy, by the baseline, by the variant, clean.
    """
    baselines = {(r.setting, r.params.seed): r for r in runs if r.variant == baseline}
    written = []
    for run in chosen:
        beside = baselines.get((run.setting, run.params.seed))
        if run.method != "student" or beside is None or run is beside:
            continue
        outcome, first = finished(run, workspace), finished(beside, workspace)
        if outcome is not None and first is not None:
            path = out / f"{run.setting}_{run.variant}_{run.params.seed}.jpg"
            write_rows(path, list(rows(outcome, first, workspace)), MAX_BYTES)
            written.append(path)
    return written


def rows(outcome: Outcome, first: Outcome, workspace: Workspace) -> Iterator[Row]:
    """Yield the pictures of the largest gain and of the largest loss on every set."""
    runs = first.run, outcome.run
    networks = [load_model(model_of(job_of(run, workspace))).eval() for run in runs]
    for name, metrics in outcome.derained.items():
        metric = next(m for m in RANKING if m in metrics)
        baseline = first.derained[name][metric]
        comparison = Comparison(name, metric, runs[1].variant, metrics[metric], baseline)
        store = open_place(workspace.project, name)
        places = {record.name: index for index, record in enumerate(store.records)}
        for what, (image, _) in comparison.extremes().items():
            rainy = np.asarray(store.rainy(places[image]))
            shown = [rainy, *(derain(network, rainy) for network in networks)]
            names = ["rainy", *(run.variant for run in runs)]
            if store.paired:
                shown.append(np.asarray(store.clean(places[image])))
                names.append("clean")
            yield Row(f"{name}, {caption(comparison, what, names)}", shown)

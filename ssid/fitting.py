"""The stage `fit`: profile, picture, figures and pairs of one real set."""

import logging
from collections.abc import Sequence

import torch

from ssid.data.params import DataParams
from ssid.data.rain.files import write_profile
from ssid.data.rain.fit import FittedRain, cut_crops, fit_rain, rained_on, to_pictures
from ssid.data.rain.pairs import clean_photographs, render_pairs
from ssid.data.rain.params import FitParams
from ssid.data.rain.picture import COLUMNS, write_fitted
from ssid.data.rain.prior import random_profile
from ssid.data.rain.reader import load_reader
from ssid.data.roles import FITTED
from ssid.data.splits import evenly_spaced
from ssid.files import write_json
from ssid.pictures import Picture
from ssid.project import Project, data_digests, open_stores, open_training_stores
from ssid.tracking import track_run

PRIORS = 60

log = logging.getLogger(__name__)


def fit_set(
    name: str, params: FitParams, catalogue: DataParams, project: Project, tracking: str | None
) -> None:
    """Fit the rain of a real set, and leave ``models/rain/NAME`` and pairs in that rain.

    ``.yaml`` is the profile, ``.jpg`` shows it beside the photographs, ``.json`` says how near it
    comes and which photographs show no rain; the pairs lie in ``data/prepared/fitted/NAME``.

    Args:
        name: name of the real set.
        params: params of the fit.
        catalogue: the data sets; the clean photographs are those of the synthetic ones.
        project: places of all files.
        tracking: MLflow's store; None tracks nothing.

    Raises:
        UserError: if a set is not prepared or damaged, or the disk is full.
    """
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    (store,) = open_stores(catalogue, "real", [name], project)
    synthetic = open_training_stores(catalogue, None, project)
    ground = clean_photographs(synthetic, params.photographs)
    chosen = evenly_spaced(range(len(store)), params.photographs)
    rainy, clean = [store.rainy(i) for i in chosen], [photograph.picture for photograph in ground]
    fitted = fit_rain(rainy, clean, load_reader(), params)
    names = [store.records[chosen[k]].name for k in fitted.without_rain]
    _say(name, fitted, names)
    base = project.rain / name
    write_profile(fitted.profile, base.with_suffix(".yaml"))
    picture = base.with_suffix(".jpg")
    shown, ground_shown = (_examples(pictures, params.seed) for pictures in (rainy, clean))
    rendered = rained_on(ground_shown, fitted.profile, params.seed)
    priors = [random_profile(seed) for seed in range(PRIORS)]
    write_fitted(to_pictures(shown), to_pictures(rendered), priors, fitted.profile, picture)
    figures = _figures(fitted)
    record = {**figures, "photographs": len(chosen), "without_rain": names}
    write_json(base.with_suffix(".json"), record)
    pairs = project.prepared / FITTED / name
    render_pairs(name, ground, fitted.profile, params.renderings, params.seed, pairs)
    with track_run(tracking, "fit", project.runs / f"fit-{name}") as tracker:
        tracker.tags({"real_set": name})
        tracker.params({"fit": params.model_dump(mode="json")})
        tracker.inputs(data_digests([store, *synthetic]))
        tracker.metrics(figures, 0)
        for suffix in (".yaml", ".jpg"):
            tracker.file(base.with_suffix(suffix))


def _examples(photographs: Sequence[Picture], seed: int) -> torch.Tensor:
    """Return a crop of each of a few photographs, N×3×SIDE×SIDE uint8."""
    chosen = evenly_spaced(photographs, COLUMNS)
    return torch.cat(cut_crops(chosen, len(chosen), seed))


def _figures(fitted: FittedRain) -> dict[str, float]:
    """Return the distances before and after, where there is rain."""
    if not fitted.distances:
        return {}
    return {
        "distance_wide": round(fitted.distances[0], 4),
        "distance_first": round(fitted.distances[1], 4),
        "distance_fitted": round(min(fitted.distances[1:]), 4),
    }


def _say(name: str, fitted: FittedRain, without_rain: list[str]) -> None:
    """Tell a person what was found and what was left out."""
    if not fitted.distances:
        log.warning(
            "real/%s: none of the %d photographs shows rain that can be read. Pairs are rendered"
            " in the wide profile `varied`; look at the photographs, or add others.",
            *(name, len(fitted.visible)),
        )
        return
    if without_rain:
        log.warning(
            "real/%s: %d of %d photographs show no rain and were left out: %s",
            *(name, len(without_rain), len(fitted.visible), ", ".join(without_rain[:8])),
        )
    figures = _figures(fitted)
    log.info(
        "real/%s: the fitted rain is at %.3f from the photographs, the wide profile at %.3f",
        *(name, figures["distance_fitted"], figures["distance_wide"]),
    )

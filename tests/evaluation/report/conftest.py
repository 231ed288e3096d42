"""A tiny evaluation, as the evaluation stage writes it, with the parameters that led to it."""

import csv

import numpy as np
import pytest

from ssid.evaluation.protocol import PROTOCOL
from ssid.evaluation.results import Score, write_scores
from ssid.evaluation.scores import save_pictures, summarise
from ssid.files import write_json

HOSTILE = "<script>alert(1)</script>\" onerror='x'.png"
GAINS = {"a.png": 3.0, "b.png": -1.5, HOSTILE: 1.0, "deep/d.png": 6.0, "e.png": 2.0}
"""What the student adds to the PSNR of the five benchmark images, in dB."""

NETWORKS = {
    "teacher": {
        "parameters": 1_043_211,
        "gmacs": 8.12,
        "latency_ms": 60.0,
        "activations_mib": 96.5,
    },
    "student": {"parameters": 166_767, "gmacs": 1.34, "latency_ms": 12.0, "activations_mib": 20.25},
}

RUN = """
steps: 100
optimizer: {name: adam, lr: 1e-3}
validate_every: 50
checkpoint_every: 50
log_every: 10
probe_every: 50
"""

PARAMS = {
    "teacher.yaml": f"""# the teacher & its <options>
model: {{name: ssid_kd, options: {{widths: [4, 8, 16]}}}}
batch: {{pairs: 4, patch: 64}}
objective: {{ssim: {{weight: 1}}}}
{RUN}""",
    "student.yaml": f"""
model: {{name: rrg, options: {{channels: 8, msrbs: 1}}}}
batch: {{pairs: 4, real: 4, patch: 64}}
objective: {{l1: {{weight: 1}}}}
{RUN}""",
    "data.yaml": """
synthetic:
  drawn: {root: photographs, layout: photographs, rain: rain100l}
real:
  rainlike: {root: photographs, layout: photographs, rain: standin}
benchmark:
  pairs: {root: pairs, layout: pairs}
  seen: {root: seen, layout: masked}
""",
    "evaluate.yaml": """
metrics: [psnr, ssim, niqe]
pictures: 3
""",
}


def pair_scores():
    for image, gain in GAINS.items():
        for method, psnr in (("rainy", 20.0), ("teacher", 25.0), ("student", 20.0 + gain)):
            measures = {
                "psnr_rgb": psnr + 0.5,
                "psnr_y": psnr,
                "ssim_rgb": 0.8,
                "ssim_y": 0.85,
                "sharpness": 12.0,
            }
            yield Score("benchmark", "pairs", image, method, measures)


def real_scores():
    for image, niqe in {"x.png": 4.0, "y.png": 6.5, "z.png": None}.items():
        for method, share in (("rainy", 1.0), ("teacher", 0.9), ("student", 0.8)):
            measures = {"niqe": niqe and niqe * share, "sharpness": 20.0 * share}
            yield Score("real", "rainlike", image, method, measures)


def masked_scores():
    for image, area in {"p.png": 0.6, "q.png": 0.8}.items():
        for method, streak_auc in (("rainy", 0.5), ("teacher", 0.65), ("student", area)):
            outside = 0.0 if method == "rainy" else 2.0
            measures = {"streak_auc": streak_auc, "changed_outside": outside, "sharpness": 9.0}
            yield Score("benchmark", "seen", image, method, measures)


def write_evaluation(folder, scores):
    folder.mkdir(parents=True)
    write_json(folder / "metrics.json", {**summarise(scores), "network": NETWORKS})
    write_scores(folder / "images.csv", scores)
    sets = {
        "benchmark/pairs": {"images": 50, "refused": {}, "kind": "benchmark", "digest": "ab" * 32},
        "benchmark/seen": {
            "images": 2,
            "refused": {},
            "kind": "masks of streaks",
            "digest": "ef" * 32,
        },
        "real/rainlike": {
            "images": 7,
            "refused": {"the sizes of the pair differ": 4},
            "kind": "stand-in for real rain (rendered)",
            "digest": "cd" * 32,
        },
    }
    latency = "median of 3 runs, 1 thread(s), cpu"
    protocol = {**PROTOCOL, "latency": latency, "downstream": "", "sets": sets}
    write_json(folder / "protocol.json", protocol)
    for score in scores:
        write_picture(folder, score)
    for stage in ("pretrain", "distill"):
        write_curve(folder / "curves" / f"{stage}.csv")


def write_picture(folder, score):
    levels = {"rainy": 200, "teacher": 60, "student": 90, "clean": 40}
    levels |= {"student streaks": 10}
    other = {"pairs": "clean", "seen": "student streaks"}.get(score.set, score.method)
    methods = (score.method, other)
    picture = {m: np.full((24, 32, 3), levels[m], np.uint8) for m in methods}
    save_pictures(folder / "pictures" / score.role / score.set / score.image, picture)


def write_curve(path):
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("step", "loss", "psnr"))
        for step in range(10, 101, 10):
            writer.writerow((step, 1 / step, 20 + step / 50 if step % 50 == 0 else None))


@pytest.fixture
def evaluation(tmp_path):
    folder = tmp_path / "evaluation"
    write_evaluation(folder, [*pair_scores(), *masked_scores(), *real_scores()])
    return folder


@pytest.fixture
def pairs_only(tmp_path):
    folder = tmp_path / "pairs_only"
    write_evaluation(folder, list(pair_scores()))
    return folder


@pytest.fixture
def params(tmp_path):
    folder = tmp_path / "params"
    folder.mkdir()
    for name, text in PARAMS.items():
        (folder / name).write_text(text)
    return folder

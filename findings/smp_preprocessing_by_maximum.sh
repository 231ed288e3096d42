#!/usr/bin/env bash
# segmentation-models-pytorch: one pixel above 1 makes its preprocessing divide the whole picture by 255
#
# Believed: preprocess_input tells 8-bit pictures from pictures in [0, 1] by their type.
# Found: it asks whether the largest value is above 1. An estimate in [0, 1] of which one value
#   overshoots to 1.001, as those of restoration networks do, is divided by 255: the encoder sees
#   black, and so do all pictures of the same batch. An 8-bit picture whose values are 0 and 1
#   is taken for one in [0, 1]. Nothing is raised or warned of.
# Source: encoders/_preprocessing.py of the package, which get_preprocessing_fn wraps with an
#   encoder's mean, spread and range ([0, 1] by default). It needs numpy alone, so it is loaded here
#   without torch.
#
# Run on 2026-11-28, Python 3.11.7, segmentation-models-pytorch 0.6.0, numpy 2.4.6. Output:
#   segmentation-models-pytorch 0.6.0, mean brightness that the encoder is told of
#   in [0, 1]: 0.4984
#   one pixel of the batch at 1.001: 0.0020
#   8 bits, of 0 and 1: 0.5023
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --no-deps --python venv/bin/python segmentation-models-pytorch==0.6.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import importlib.metadata
import runpy

import numpy as np

package = importlib.metadata.distribution("segmentation-models-pytorch")
module = package.locate_file("segmentation_models_pytorch/encoders/_preprocessing.py")
preprocess_input = runpy.run_path(str(module))["preprocess_input"]
IMAGENET = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225], input_range=[0, 1])

picture = np.random.default_rng(0).random((2, 32, 32, 3))
overshoot = picture.copy()
overshoot[1, 0, 0, 0] = 1.001
dark = np.random.default_rng(0).integers(0, 2, (32, 32, 3), dtype=np.uint8)


def seen(pictures: np.ndarray) -> float:
    """Return the mean brightness in [0, 1] that the encoder is told of."""
    told = preprocess_input(pictures, **IMAGENET)
    return float((told * IMAGENET["std"] + IMAGENET["mean"]).mean())


found = {"in [0, 1]": seen(picture), "one pixel of the batch at 1.001": seen(overshoot),
         "8 bits, of 0 and 1": seen(dark)}
print(f"segmentation-models-pytorch {package.version}, mean brightness that the encoder is told of")
for name, brightness in found.items():
    print(f"{name}: {brightness:.4f}")
assert found["in [0, 1]"] > 0.45 and found["one pixel of the batch at 1.001"] < 0.01
assert found["8 bits, of 0 and 1"] > 0.4
EOF

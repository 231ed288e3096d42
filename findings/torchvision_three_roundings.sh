#!/usr/bin/env bash
# torchvision: three ways from float to 8 bits, three pictures; only save_image rounds
#
# Believed: to_dtype(uint8, scale=True), to_pil_image and save_image all round to the nearest
#   level.
# Found: save_image rounds; to_pil_image cuts off, half a level darker on average; to_dtype takes
#   floor(x * 255.999...), which is right on average but darkens shadows and brightens lights by
#   up to 0.4 levels. On a derained picture 45 dB from its truth the choice costs 0.2 to 0.5 dB.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, torchvision 0.29.2, pillow 13.0.0, numpy 2.4.6. Output:
#   torchvision 0.29.2
#   save_image    not the nearest level  0.0%, mean error +0.00, dark fifth -0.00, bright fifth +0.00, 44.84 dB
#   to_pil_image  not the nearest level 50.0%, mean error -0.50, dark fifth -0.50, bright fifth -0.50, 44.36 dB
#   to_dtype      not the nearest level 24.9%, mean error -0.00, dark fifth -0.40, bright fifth +0.40, 44.67 dB
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms.v2 import functional as F
from torchvision.utils import save_image

ramp = torch.linspace(0, 1, 99_999)[None, None].expand(3, 1, -1).contiguous()


def saved(x: torch.Tensor) -> torch.Tensor:
    save_image(x, "x.png", padding=0)
    return torch.from_numpy(np.array(Image.open("x.png"))).permute(2, 0, 1)


ways = {
    "save_image": saved,
    "to_pil_image": lambda x: torch.from_numpy(np.array(F.to_pil_image(x))).permute(2, 0, 1),
    "to_dtype": lambda x: F.to_dtype(x, torch.uint8, scale=True),
}
nearest = (ramp * 255).round()
clean = torch.rand(3, 200, 300, generator=torch.Generator().manual_seed(0))
estimate = (clean + 10 ** (-45 / 20) * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
print(f"torchvision {torchvision.__version__.split('+')[0]}")
off, lost = {}, {}
for name, way in ways.items():
    error = way(ramp).float() - ramp * 255
    off[name] = float((way(ramp) != nearest).float().mean())
    psnr = -10 * torch.log10((way(estimate).float() / 255 - clean).square().mean())
    lost[name] = float(psnr)
    print(f"{name:13} not the nearest level {off[name]:5.1%}, mean error {float(error.mean()):+.2f}, dark fifth "
          f"{float(error[..., :20_000].mean()):+.2f}, bright fifth {float(error[..., -20_000:].mean()):+.2f}, {psnr:.2f} dB")
assert off["save_image"] < 0.001 and abs(off["to_pil_image"] - 0.5) < 0.01
assert abs(off["to_dtype"] - 0.25) < 0.01
assert lost["save_image"] - lost["to_pil_image"] > 0.1
EOF

#!/usr/bin/env bash
# segmentation-models-pytorch, torchvision: a dilated encoder computes other features with the same weights
#
# Believed: output_stride=16 replaces the last stride by dilation so that the same weights give the
#   same features, twice as densely: every second one is that of the encoder with stride 32.
# Found: so it is in timm (smp's "tu-" encoders) and in torchvision's resnet50. smp's own resnet,
#   mobilenet_v2 and efficientnet also dilate the 3x3 convolution whose stride they remove, which
#   still has to see neighbouring pixels: with equal weights the deepest features, those that
#   DeepLabV3 decodes, are off by a third of their largest value and more. torchvision's
#   mobilenet_v3 with dilated=True does the same. Weights learnt with strides do not fit.
# Source: segmentation_models_pytorch/encoders/_utils.py, replace_strides_with_dilation, which gives
#   every convolution of a stage one rate; torchvision's ResNet has "previous_dilation" for the first.
#
# Run on 2026-11-28, Python 3.11.7, segmentation-models-pytorch 0.6.0, timm 1.0.31, torch 2.15.0,
#   torchvision 0.29.2. Output:
#   largest difference of the deepest features, as a share of their largest value
#   smp resnet18                     0.30
#   smp mobilenet_v2                 0.41
#   smp efficientnet-b0              0.99
#   smp tu-resnet18                  0.00
#   smp tu-efficientnet_lite0        0.00
#   torchvision resnet50             0.00
#   torchvision mobilenet_v3_large   0.97
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  segmentation-models-pytorch==0.6.0 timm==1.0.31 torch==2.15.0 torchvision==0.29.2
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import torch
import torchvision
from segmentation_models_pytorch.encoders import get_encoder
from torch import nn

torch.manual_seed(0)
picture = torch.randn(1, 3, 128, 128)


@torch.no_grad()
def difference(strided: nn.Module, dilated: nn.Module) -> float:
    dilated.load_state_dict(strided.state_dict())
    deepest = []
    for network in (strided.eval(), dilated.eval()):
        features = network(picture)
        deepest.append(features[-1] if isinstance(features, list) else features)
    assert deepest[1].shape[-1] == 2 * deepest[0].shape[-1]
    return float((deepest[0] - deepest[1][..., ::2, ::2]).abs().max() / deepest[0].abs().max())


def resnet50(**dilation: list[bool]) -> nn.Module:
    return nn.Sequential(*list(torchvision.models.resnet50(**dilation).children())[:-2])


found = {}
for name in ("resnet18", "mobilenet_v2", "efficientnet-b0", "tu-resnet18", "tu-efficientnet_lite0"):
    found[f"smp {name}"] = difference(
        get_encoder(name, weights=None), get_encoder(name, weights=None, output_stride=16)
    )
dilation = [False, False, True]
found["torchvision resnet50"] = difference(resnet50(), resnet50(replace_stride_with_dilation=dilation))
found["torchvision mobilenet_v3_large"] = difference(
    torchvision.models.mobilenet_v3_large().features,
    torchvision.models.mobilenet_v3_large(dilated=True).features,
)
print("largest difference of the deepest features, as a share of their largest value")
for name, share in found.items():
    print(f"{name:32} {share:.2f}")
same = {"smp tu-resnet18", "smp tu-efficientnet_lite0", "torchvision resnet50"}
assert all(share < 1e-3 if name in same else share > 0.1 for name, share in found.items())
EOF

"""LPIPS, the distance of deep features between two images, from weights on this machine."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from ssid.errors import UserError
from ssid.metrics.fidelity import quantise

Trunk = Literal["alex", "vgg"]

TRUNK_FILES: dict[Trunk, str] = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
}


class Lpips(nn.Module):
    """LPIPS v0.1 (Zhang et al., "The Unreasonable Effectiveness of Deep Features", CVPR 2018).

    The package ``lpips`` carries the linear weights; the ImageNet weights of the trunk are not in
    any package and are read from a file in torchvision's format. Nothing is ever downloaded.

    Args:
        trunk: ``"alex"`` for reported numbers, ``"vgg"`` for comparison with losses.
        weights: file with the trunk's ImageNet weights; None looks where torchvision stores them.

    Raises:
        UserError: if that file is missing or holds another network.
    """

    def __init__(self, trunk: Trunk = "alex", weights: Path | None = None) -> None:
        super().__init__()
        path = weights or Path(torch.hub.get_dir()) / "checkpoints" / TRUNK_FILES[trunk]
        if not path.is_file():
            raise UserError(
                f"LPIPS needs the ImageNet weights of {trunk}, and there is no file {path}."
                f" Put torchvision's {TRUNK_FILES[trunk]} there, or leave LPIPS out."
            )
        import lpips  # slow: it imports torchvision

        self.network = lpips.LPIPS(net=trunk, pnet_rand=True, verbose=False)
        self._load(path)
        self.requires_grad_(False).eval()

    def _load(self, path: Path) -> None:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        # lpips cuts the trunk into slices, whose layers keep their number in `features`.
        features = self.network.net.state_dict()
        try:
            for name, tensor in features.items():
                tensor.copy_(stored["features." + name.split(".", 1)[1]])
        except (KeyError, RuntimeError) as error:
            raise UserError(f"{path} does not hold the expected trunk of LPIPS: {error}") from error

    @torch.inference_mode()
    def forward(self, estimate: Tensor, target: Tensor) -> Tensor:
        """Return the distance of each image pair; 0 for identical images, lower is better.

        Args:
            estimate: N×3×H×W, RGB in [0, 1], rounded to 8 bit here.
            target: the clean image, same shape.

        Returns:
            float64 tensor of N values.
        """
        device = next(self.parameters()).device
        estimate, target = (quantise(images.float().to(device)) for images in (estimate, target))
        return self.network(estimate, target, normalize=True).flatten().double()

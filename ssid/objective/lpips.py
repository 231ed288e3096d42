"""LPIPS: the learned distance of Zhang et al. (CVPR 2018), as a loss and for measuring."""

from pathlib import Path

from torch import Tensor, nn

from ssid.models.lpips import load_lpips
from ssid.models.precision import full_precision
from ssid.models.trunks import Frozen
from ssid.objective.registry import Setup, term
from ssid.objective.scene import Scene


class LearnedPerceptualSimilarity(nn.Module):
    """LPIPS (Zhang et al., CVPR 2018, Eq. 1) as a loss on images N×3×H×W, RGB in [0, 1].

    SAPNet's L_lpisl (Zheng et al., WACV 2022, slides Eq. 4). Its published code passes through a
    Python number, so that no gradient is left, looks at the first image of a batch only, and gives
    the network [0, 1] where it expects [-1, 1]; none of this is repeated here.

    Args:
        network: ``"vgg"``, as in the slides, ``"alex"``, as in SAPNet's code, or ``"squeeze"``;
            with ``_random`` behind it the trunk (not its linear heads) has random weights.
        weights: file with torchvision's weights for the trunk; by default torchvision's own place.

    Raises:
        UserError: if the network is unknown, or its weights are missing, damaged or do not fit.
    """

    def __init__(self, network: str = "vgg", weights: Path | str | None = None) -> None:
        super().__init__()
        self.lpips = Frozen(load_lpips(network, weights))

    @full_precision
    def forward(self, estimate: Tensor, target: Tensor) -> Tensor:
        """Return the mean distance of ``estimate`` from the constant ``target``, a scalar."""
        return self.lpips(2 * estimate - 1, 2 * target.detach() - 1).mean()


def lpips_part(
    setup: Setup, *, network: str = "vgg", weights: str | None = None
) -> LearnedPerceptualSimilarity:
    """Return the learned similarity; its trunk's weights come from a local file."""
    return LearnedPerceptualSimilarity(network, weights)


@term("lpips", kind="loss", student=("rainy",), images=("clean",), part=lpips_part)
def lpips(scene: Scene, part: nn.Module) -> Tensor:
    """Return LPIPS on the pairs; SAPNet's LPISL (WACV 2022), with the gradient it lacks there."""
    return part(scene.derained("rainy"), scene.batch.clean)

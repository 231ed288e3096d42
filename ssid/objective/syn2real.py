"""Pseudo labels for latent codes by Gaussian-process regression (Syn2Real, CVPR 2020).

The code of a real photograph is predicted from the codes of the synthetic images most like it. How
far the prediction can be trusted, its variance, weighs the loss.

Corrected against the published code: neighbours are chosen by the kernel that also predicts, for
all images alike; the pseudo label is a constant; the variance is kept above the noise, so no term
is NaN and none has to be dropped.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ssid.objective.registry import term
from ssid.objective.scene import Scene, last_code


def gp_predict(
    latents: Tensor, labelled: Tensor, neighbours: int = 16, noise: float = 0.1
) -> tuple[Tensor, Tensor]:
    """Return the prediction z̃ of each latent from its nearest labelled ones, and its variance Σ.

    z̃ = k(z,F) [k(F,F) + σ_n² I]⁻¹ F and Σ = k(z,z) − k(z,F) [k(F,F) + σ_n² I]⁻¹ k(F,z) + σ_n²,
    where k is the cosine and F holds the ``neighbours`` labelled latents of largest k(z,F). A
    latent that points away from all of them is predicted as their mirror image: the cosine suits
    codes that are not centred.

    Args:
        latents: z, N×D.
        labelled: M×D, detached here. M may be smaller than ``neighbours``.
        neighbours: 16 in the code; the paper's number was not found.
        noise: σ_n.

    Returns:
        z̃ N×D without gradient; Σ, length N, at least σ_n², with gradient to ``latents``.
    """
    labelled = labelled.detach().float()
    directions = F.normalize(labelled, dim=1, eps=1e-6)
    similarity = F.normalize(latents.float(), dim=1, eps=1e-6) @ directions.T
    k_zF, nearest = similarity.topk(min(neighbours, len(labelled)), dim=1)
    k_FF = (directions @ directions.T)[nearest[:, :, None], nearest[:, None, :]]
    k_FF = k_FF + noise**2 * torch.eye(nearest.shape[1]).to(k_FF)
    weights = torch.linalg.solve(k_FF, k_zF)
    # Rounding alone can carry the explained variance above the prior's k(z,z) = 1.
    variance = (1 - (weights * k_zF).sum(1)).clamp_min(0) + noise**2
    prediction = torch.einsum("nk,nkd->nd", weights.detach(), labelled[nearest])
    return prediction, variance


def gp_loss(
    codes: Tensor,
    labelled_codes: Tensor,
    neighbours: int = 16,
    noise: float = 0.1,
    log_weight: float = 0.33,
    as_published: bool = False,
) -> Tensor:
    """Return mean (z − z̃)² / Σ + log_weight · mean log Σ. Published weight of the term: 0.0015.

    Source: Syn2Real, "version 1", one latent vector per image.

    Args:
        codes: student's codes of real rain, N×C×h×w.
        labelled_codes: codes of synthetic rain, M×C×h×w, detached here: those of the batch or
            stored ones. Real and synthetic patches must have one size; pool both codes to 1×1
            to leave out *where* in the patch a feature lies.
        neighbours: neighbours, see :func:`gp_predict`.
        noise: noise, see :func:`gp_predict`.
        log_weight: log weight of the log variance, which draws codes to where labelled ones are.
        as_published: let the gradient of the first term reach Σ, too. A code that is far from its
            prediction then lowers the loss by moving *away* from everything labelled, which
            raises Σ; by default Σ is a constant weight in that term.
    """
    latents = codes.float().flatten(1)
    prediction, variance = gp_predict(latents, labelled_codes.flatten(1), neighbours, noise)
    errors = (latents - prediction).square().mean(1)
    divisor = variance if as_published else variance.detach()
    return (errors / divisor + log_weight * variance.log()).mean()


@term("syn2real", kind="alignment", student=("real", "rainy"))
def syn2real(scene: Scene, *, neighbours: int = 16) -> Tensor:
    """Predict codes of real rain from codes of synthetic rain by a Gaussian process.

    Syn2Real (CVPR 2020), with the labelled codes of the same step as the process's data.
    """
    return gp_loss(last_code(scene.student("real")), last_code(scene.student("rainy")), neighbours)

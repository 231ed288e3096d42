"""What the terms of an objective see: one batch and the passes of both networks over it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, TypeVar

import torch
from torch import Tensor

from ssid.models import Derainer, Stage
from ssid.objective.batch import Batch
from ssid.objective.reraining import found_streaks, rerain

View = Literal["rainy", "clean", "real", "pseudo_clean", "rerained", "self_rerained"]

Domain = Literal["real", "synthetic", "both"]

DOMAINS: dict[Domain, tuple[View, ...]] = {
    "real": ("real",),
    "synthetic": ("rainy",),
    "both": ("rainy", "real"),
}
"""The rainy images that the option ``on`` of a term stands for."""

FROM_TEACHER: frozenset[View] = frozenset({"pseudo_clean", "rerained"})
"""Views that only exist once the teacher has seen the real photographs."""

AMPLIFIED = (0.0, 2.0)
"""Strengths of the streaks that the student found itself: beyond 1, so that those it removes by
half today it removes wholly tomorrow, and down to 0, so that images without rain stay as they are.
"""

Unroll = Callable[[Tensor], list[Stage]]
Seen = TypeVar("Seen")


class Views(NamedTuple):
    """What the student has to see, what the teacher has to see, and which images are looked at."""

    student: frozenset[View]
    teacher: frozenset[View]
    images: frozenset[View]


class Scene:
    """A batch with the student's and the teacher's pass over the views that terms declared.

    Each network runs once over all of its views, concatenated. Beside the three kinds of images
    in the batch there are three made from the real photographs, the first two by the teacher:

    * ``pseudo_clean``, its estimate clamped to [0, 1], stands in for the clean partner that real
      rain does not have;
    * ``rerained``, the clean images under the rain layers real − pseudo_clean, shuffled and of
      random strength: real rain with a target, which is ``clean``;
    * ``self_rerained``, the same with the streaks that the student itself finds at this step, in
      another pass without gradient.

    Args:
        batch: the images.
        student: function that returns the student's stages for images N×3×H×W.
        teacher: the frozen teacher, or None where no term declares a view of it.
        views: views that the student and the teacher have to see, and images that terms look at.
        first: flag that says whether it is the first part of a step; what is done once a step is
            done in it.
    """

    def __init__(
        self,
        batch: Batch,
        student: Unroll,
        teacher: Derainer | None,
        views: Views,
        first: bool = True,
    ) -> None:
        self.batch, self.first = batch, first
        self._images: dict[View, Tensor] = {
            "rainy": batch.rainy,
            "clean": batch.clean,
            "real": batch.real,
        }
        if "self_rerained" in views.student | views.images:
            self._images["self_rerained"] = self._rerain_found(student)
        self._teacher = self._teach(teacher, views) if teacher else {}
        self._student = run(student, self._pick(views.student))

    def student(self, view: View) -> list[Stage]:
        """Return the student's stages on a view; the last one holds its estimate.

        Raises:
            LookupError: if no term declared the view, here as in the methods below.
        """
        return declared(self._student, view, "student")

    def teacher(self, view: View) -> list[Stage]:
        """Return the teacher's stages on a view, without gradient."""
        return declared(self._teacher, view, "teacher")

    def images(self, view: View) -> Tensor:
        """Return the images N×3×p×p of a view."""
        return declared(self._images, view, "images")

    def derained(self, view: View) -> Tensor:
        """Return the student's last estimate of a view, N×3×p×p float32."""
        return self.student(view)[-1].image.float()

    def estimates(self, on: Domain) -> list[Tensor]:
        """Return the student's last estimates of the rainy images that ``on`` stands for."""
        return [self.derained(view) for view in DOMAINS[on]]

    def _teach(self, teacher: Derainer, views: Views) -> dict[View, list[Stage]]:
        derives = bool(FROM_TEACHER & (views.student | views.teacher | views.images))
        derived: frozenset[View] = views.teacher & FROM_TEACHER
        first: frozenset[View] = views.teacher - derived
        if derives:
            first |= {"real"}
        with torch.no_grad():
            stages = run(teacher.unroll, self._pick(first))
            if derives:
                self._derive(stages["real"][-1].image.float().clamp(0, 1))
            return stages | run(teacher.unroll, self._pick(derived))

    def _pick(self, views: frozenset[View]) -> dict[View, Tensor]:
        return {view: images for view, images in self._images.items() if view in views}

    def _derive(self, pseudo_clean: Tensor) -> None:
        rain = self._for_each_pair(self.batch.real - pseudo_clean)
        self._images["pseudo_clean"] = pseudo_clean
        self._images["rerained"] = rerain(self.batch.clean, rain, torch.default_generator)

    def _rerain_found(self, student: Unroll) -> Tensor:
        real = self.batch.real
        with torch.no_grad():
            derained = student(real)[-1].image
        # The casts of weights that autocast keeps were made without gradient.
        torch.clear_autocast_cache()
        streaks = self._for_each_pair(found_streaks(real, derained))
        return rerain(self.batch.clean, streaks, torch.default_generator, AMPLIFIED)

    def _for_each_pair(self, layers: Tensor) -> Tensor:
        """Return as many rain layers as there are pairs, repeating or leaving out some."""
        pairs = len(self.batch.clean)
        return layers[torch.arange(pairs, device=layers.device) % len(layers)]


def declared(views: Mapping[View, Seen], view: View, by: str) -> Seen:
    """Return what was made of a view.

    Raises:
        LookupError: if it was not made, because no term declares that it needs it.
    """
    if view not in views:
        raise LookupError(
            f"no term declares that it looks at {by}={view!r}; declared:"
            f" {', '.join(sorted(views)) or 'nothing'}. Name it in the decorator: @term(...,"
            f" {by}=({view!r},))"
        )
    return views[view]


def last_map(stages: Sequence[Stage]) -> Tensor:
    """Return the feature map of the last stage, N×C×H×W."""
    return stages[-1].features.map


def last_code(stages: Sequence[Stage]) -> Tensor:
    """Return the code of the last stage, N×K×h×w."""
    return stages[-1].features.code


def run(network: Unroll, images: dict[View, Tensor]) -> dict[View, list[Stage]]:
    """Return the stages of ``network`` for each view, from one pass over all of them."""
    if not images:
        return {}
    stages = network(torch.cat(list(images.values())))
    sizes = [len(view) for view in images.values()]
    parts = [split(stage, sizes) for stage in stages]
    return {view: [stage[i] for stage in parts] for i, view in enumerate(images)}


def split(stage: Stage, sizes: list[int]) -> list[Stage]:
    """Cut a stage of a concatenated batch into one stage per part of ``sizes`` images."""
    features = stage.features
    columns = zip(
        features.map.split(sizes),
        features.code.split(sizes),
        _split_each(features.levels, sizes),
        _split_each(features.side, sizes),
        stage.image.split(sizes),
        strict=True,
    )
    return [
        Stage(replace(features, map=map_, code=code, levels=levels, side=side), image)
        for map_, code, levels, side, image in columns
    ]


def _split_each(tensors: tuple[Tensor, ...], sizes: list[int]) -> list[tuple[Tensor, ...]]:
    parts = [tensor.split(sizes) for tensor in tensors]
    return [tuple(part[i] for part in parts) for i in range(len(sizes))]

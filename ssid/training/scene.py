"""What the terms of an objective see: one batch and the passes of both networks over it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ssid.distill.semi_supervised import rerain
from ssid.models import Derainer, Stage
from ssid.training.batches import Batch

View = Literal["rainy", "clean", "real", "pseudo_clean", "rerained"]

FROM_TEACHER: frozenset[View] = frozenset({"pseudo_clean", "rerained"})
"""Views that only exist once the teacher has seen the real photographs."""
Unroll = Callable[[Tensor], list[Stage]]


class Views(NamedTuple):
    """What the student has to see, what the teacher has to see, and which images are looked at."""

    student: frozenset[View]
    teacher: frozenset[View]
    images: frozenset[View]


class Scene:
    """A batch with the student's and the teacher's pass over the views that terms declared.

    Each network runs once over all of its views, concatenated. Beside the three kinds of images
    in the batch there are two that the teacher makes from the real photographs:

    * ``pseudo_clean``, its estimate clamped to [0, 1], stands in for the clean partner that real
      rain does not have;
    * ``rerained``, the clean images under the rain layers real − pseudo_clean, shuffled and of
      random strength: real rain with a target, which is ``clean``.

    Args:
        batch: the images.
        student: returns the student's stages for images N×3×H×W.
        teacher: the frozen teacher, or None where no term declares a view of it.
        views: what the student and the teacher have to see, and which images terms look at.
    """

    def __init__(
        self,
        batch: Batch,
        student: Unroll,
        teacher: Derainer | None,
        views: Views,
    ) -> None:
        self.batch = batch
        self._images: dict[View, Tensor] = {
            "rainy": batch.rainy,
            "clean": batch.clean,
            "real": batch.real,
        }
        self._teacher = self._teach(teacher, views) if teacher else {}
        self._student = run(student, self._pick(views.student))

    def student(self, view: View) -> list[Stage]:
        """Return the student's stages on a view; the last one holds its estimate."""
        return self._student[view]

    def teacher(self, view: View) -> list[Stage]:
        """Return the teacher's stages on a view, without gradient."""
        return self._teacher[view]

    def images(self, view: View) -> Tensor:
        """Return the images N×3×p×p of a view."""
        return self._images[view]

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
        real, clean = self.batch.real, self.batch.clean
        rain = (real - pseudo_clean)[torch.arange(len(clean), device=real.device) % len(real)]
        self._images["pseudo_clean"] = pseudo_clean
        self._images["rerained"] = rerain(clean, rain, torch.default_generator)


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

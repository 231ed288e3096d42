"""Make the weights of the reader, ssid/data/rain/reader.safetensors, from clean photographs.

    uv run python benchmarks/train_reader.py FOLDER    # hours on one CPU core; goes on where it was

FOLDER holds clean photographs in any depth; the packaged weights saw the training and validation
photographs of BSDS500 (Arbeláez et al., TPAMI 2011). In three steps, each of which leaves a file in
``runs/reader``: rain of random profiles is rendered, a set of layers for each; the maps of the
network learn to read single crops; embedding and profile head learn to read sets of crops.
"""

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
import typer
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ssid.data.images import read_rgb
from ssid.data.rain.fit import cut_crops
from ssid.data.rain.prior import NAMES, mirrored, random_profile, to_numbers
from ssid.data.rain.profiles import RainParameters, RainProfile, sample_rain
from ssid.data.rain.reader import EMBEDDING, SEEN, SIDE, RainReader
from ssid.data.rain.render import composite, rain_layer
from ssid.entry import reporting
from ssid.pictures import Picture
from ssid.progress import track

SETS, CROPS = 3200, 12
BANK = 5000
BATCH, SET_BATCH = 32, 96
SINGLES = 3000
BODY_RATE, HEAD_RATE, VISIBLE_RATE = 3e-3, 1.5e-3, 1e-3
HELD_OUT = 120
"""Sets that nothing learns from, for the table of what can be read."""
VISIBLE_STD = 0.012  # of rain that an eye sees
WITHOUT_RAIN = 0.08  # share of crops without streaks
MAP_STEPS, HEAD_STEPS = 3000, 4000
PASSES = 8
"""Crops of each set that are described for the heads."""
VEIL = torch.tensor([float(name.startswith(("transmission", "atmospheric"))) for name in NAMES])
"""What can be read off a crop without streaks."""
OUTPUT = Path(__file__).parents[1] / "ssid/data/rain/reader.safetensors"


class Sets:
    """Rendered layers of random profiles, memory-mapped: SETS×CROPS×SIDE×SIDE."""

    def __init__(self, folder: Path) -> None:
        self.layers = _layers(folder / "layers.npy")
        self.profiles = [random_profile(seed) for seed in range(SETS)]
        self.numbers = np.stack([to_numbers(profile) for profile in self.profiles])
        self.middle, self.deviation = self.numbers.mean(0), self.numbers.std(0)
        self.middle[NAMES.index("angle_degrees")] = 90  # of a picture and its mirror image

    def drawn(self, number: int, crop: int) -> RainParameters:
        """Return what was drawn for a layer."""
        return sample_rain(self.profiles[number], layer_seed(number, crop))


def layer_seed(number: int, crop: int) -> int:
    """Return the seed of a layer."""
    return number * 1000 + crop


def _layers(path: Path) -> NDArray[np.uint8]:
    if not path.is_file():
        partial = path.with_name("partial.npy")
        shape = (SETS, CROPS, SIDE, SIDE)
        layers = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        for number in track(range(SETS), SETS, "render rain"):
            profile = random_profile(number)
            for crop in range(CROPS):
                layers[number, crop] = _layer(profile, layer_seed(number, crop))
        layers.flush()
        partial.rename(path)
    return np.load(path, mmap_mode="r")


def _layer(profile: RainProfile, seed: int) -> NDArray[np.uint8]:
    rain = rain_layer(sample_rain(profile, seed), SIDE, SIDE, seed)
    return (rain * 255).round().to(torch.uint8).numpy()


def read_photographs(folder: Path) -> list[Picture]:
    """Return the photographs of a folder."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".jpg", ".png"))
    return [read_rgb(file) for file in files]


def photograph_bank(photographs: Sequence[Picture]) -> NDArray[np.uint8]:
    """Return BANK crops of the photographs, of several sizes, contrasts and sides of a mirror."""
    draw = np.random.default_rng(3)
    chosen = draw.integers(len(photographs), size=BANK)
    return np.stack([_varied(photographs[number], draw) for number in chosen])


def _varied(photograph: Picture, draw: np.random.Generator) -> Picture:
    zoom = math.exp(draw.uniform(math.log(0.65), math.log(2))) if draw.random() < 0.6 else 1.0
    side = max(96, min(round(SIDE / zoom), *photograph.shape[:2]))
    top, left = (draw.integers(length - side + 1) for length in photograph.shape[:2])
    crop = Image.fromarray(photograph[top : top + side, left : left + side])
    values = np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 255.0
    gamma = math.exp(draw.normal(0, 0.25)) if draw.random() < 0.5 else 1.0
    picture = (values**gamma * 255).round().astype(np.uint8)
    return picture[:, ::-1] if draw.random() < 0.5 else picture


class Crop(NamedTuple):
    """A rainy crop and what is known of it.

    Attributes:
        image: 3×SIDE×SIDE in [0, 1].
        numbers: of its own rain, in deviations of the prior.
        visible: 1 where an eye sees streaks, 0 where there are none, −1 in between.
    """

    image: Tensor
    numbers: Tensor
    visible: float


def make_crop(
    sets: Sets,
    bank: NDArray[np.uint8],
    place: tuple[int, int],
    dry: bool,
    mirror: bool,
    draw: np.random.Generator,
) -> Crop:
    """Put the rain of ``place`` (set, crop) on a clean crop of the bank."""
    rain, drawn = sets.layers[place] / np.float32(255), sets.drawn(*place)
    clean = bank[draw.integers(len(bank))] / np.float32(255)
    numbers = to_numbers(_profile_of(drawn))
    visible = 1.0 if rain.std() * drawn.transmission > VISIBLE_STD else -1.0
    if mirror:
        rain, numbers = rain[:, ::-1], mirrored(numbers)
    layer = torch.from_numpy(np.ascontiguousarray(rain) * np.float32(not dry))
    image = composite(torch.from_numpy(clean).permute(2, 0, 1), layer, drawn)
    target = torch.from_numpy((numbers - sets.middle) / sets.deviation).float()
    return Crop(_as_stored(image, draw), target, 0.0 if dry else visible)


def _as_stored(image: Tensor, draw: np.random.Generator) -> Tensor:
    """Return the image with noise at times, in 8 bits, as JPEG at times."""
    if draw.random() < 0.15:
        noise = draw.normal(0, draw.uniform(0, 0.02), image.shape)
        image = (image + torch.from_numpy(noise).float()).clamp(0, 1)
    picture = (image * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    if draw.random() < 0.2:
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=int(draw.integers(60, 98)))
        picture = np.asarray(Image.open(buffer))
    return torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255


def _profile_of(drawn: RainParameters) -> RainProfile:
    """Return the narrowest profile that holds the rain of one image."""

    def bounds(name: str) -> tuple[float, float]:
        values = [getattr(layer, name) for layer in drawn.layers]
        return min(values), max(values)

    names = (
        "angle_degrees",
        "length_px",
        "width_px",
        "density",
        "hardness",
        "brightness",
        "blur_px",
    )
    return RainProfile(
        description="",
        reference="",
        layers=(len(drawn.layers),) * 2,
        spread_degrees=0.0,
        compositing=(drawn.compositing,),
        transmission=(drawn.transmission,) * 2,
        atmospheric_light=(drawn.atmospheric_light,) * 2,
        **{name: bounds(name) for name in names},
    )


def nll(answer: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the mean negative log likelihood of a Gaussian for each number."""
    mean, log_variance = answer.chunk(2, -1)
    log_variance = log_variance.clamp(-8, 3)
    loss = ((mean - target) ** 2 * torch.exp(-log_variance) + log_variance) / 2
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def train_maps(reader: RainReader, sets: Sets, bank: NDArray[np.uint8], steps: int) -> None:
    """Teach the maps to read single crops; what reads them here is thrown away."""
    answers, norm = nn.Linear(EMBEDDING, 2 * len(NAMES)), nn.BatchNorm1d(SEEN)
    parameters = [*reader.body.parameters(), *reader.embedding.parameters()]
    parameters += [*answers.parameters(), *norm.parameters()]
    optimizer = torch.optim.AdamW(parameters, BODY_RATE, weight_decay=1e-2)
    reader.train()
    for step in track(range(steps), steps, "maps"):
        _set_rate(optimizer, BODY_RATE, step, steps)
        draw = np.random.default_rng([1, step])
        numbers = draw.integers(SETS - HELD_OUT, size=BATCH).tolist()
        places = zip(numbers, draw.integers(CROPS, size=BATCH).tolist(), strict=True)
        crops = [
            make_crop(sets, bank, place, draw.random() < WITHOUT_RAIN, draw.random() < 0.5, draw)
            for place in places
        ]
        seen = torch.tensor([crop.visible for crop in crops])
        with torch.autocast("cpu", torch.bfloat16):
            described = reader.describe(torch.stack([crop.image for crop in crops]))
        embedded = reader.embedding(norm(described.float()))
        weight = torch.where(seen[:, None] == 0, VEIL, torch.ones(len(NAMES)))
        loss = nll(answers(F.relu(embedded)), torch.stack([crop.numbers for crop in crops]), weight)
        _learn(optimizer, loss, parameters)


class Described(NamedTuple):
    """Descriptions S×PASSES×SEEN, numbers S×len(NAMES), visible S×PASSES."""

    seen: Tensor
    numbers: Tensor
    visible: Tensor


@torch.inference_mode()
def describe_sets(reader: RainReader, sets: Sets, bank: NDArray[np.uint8]) -> Described:
    """Describe crops of every set; in some sets it does not rain."""
    reader.eval()
    rows = []
    for number in track(range(SETS), SETS, "describe"):
        draw = np.random.default_rng([2, number])
        dry, mirror = draw.random() < WITHOUT_RAIN, draw.random() < 0.5
        places = [(number, int(crop)) for crop in draw.permutation(CROPS)[:PASSES]]
        crops = [make_crop(sets, bank, place, dry, mirror, draw) for place in places]
        numbers = mirrored(sets.numbers[number]) if mirror else sets.numbers[number]
        target = torch.from_numpy((numbers - sets.middle) / sets.deviation).float()
        seen = reader.describe(torch.stack([crop.image for crop in crops]))
        rows.append((seen, target, torch.tensor([crop.visible for crop in crops])))
    return Described(*(torch.stack(column) for column in zip(*rows, strict=True)))


def train_heads(reader: RainReader, sets: Sets, described: Described, steps: int) -> None:
    """Teach embedding and profile head to read sets of two to PASSES crops."""
    raining = (described.visible != 0).all(1)
    learnt = torch.arange(SETS) < SETS - HELD_OUT
    rows = described.seen[learnt].flatten(0, 1)
    reader.centre.copy_(rows.mean(0))
    reader.spread.copy_(rows.std(0).clamp(min=1e-2))
    reader.scale.copy_(torch.from_numpy(np.stack([sets.middle, sets.deviation])))
    modules = (reader.embedding, reader.profile)
    parameters = [p for module in modules for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, HEAD_RATE, weight_decay=3e-2)
    reader.train()
    wet, generator = (raining & learnt).nonzero()[:, 0], torch.Generator().manual_seed(0)
    for step in track(range(steps), steps, "heads"):
        _set_rate(optimizer, HEAD_RATE, step, steps)
        chosen = wet[torch.randint(len(wet), (SET_BATCH,), generator=generator)]
        count = int(torch.randint(2, PASSES + 1, (1,), generator=generator))
        crops = torch.randperm(PASSES, generator=generator)[:count]
        embedded = reader.embed(described.seen[chosen][:, crops])
        answer = torch.cat(reader.read(embedded), 1)
        loss = nll(answer, described.numbers[chosen], torch.ones(len(NAMES)))
        _learn(optimizer, loss, parameters)


@torch.inference_mode()
def describe_singles(reader: RainReader, photographs: Sequence[Picture]) -> tuple[Tensor, Tensor]:
    """Return descriptions of crops with visible rain, and of others without any."""
    wet, dry = [], []
    draw = np.random.default_rng(4)
    for number in track(range(SINGLES), SINGLES, "describe single crops"):
        clean = cut_crops([photographs[number % len(photographs)]], 1, number)[0][0]
        if number % 2:
            dry.append(reader.describe(_as_stored(_veiled(clean / 255, draw), draw)[None]))
        else:
            wet.append(reader.describe(_as_stored(_rained_on(clean / 255, number), draw)[None]))
    return torch.cat(wet), torch.cat(dry)


def _veiled(clean: Tensor, draw: np.random.Generator) -> Tensor:
    """Return the picture behind a veil in half of the cases."""
    alpha = draw.uniform(0.5, 1) if draw.random() < 0.5 else 1.0
    return alpha * clean + (1 - alpha) * draw.uniform(0.5, 1)


def _rained_on(clean: Tensor, number: int) -> Tensor:
    """Return the picture in the first rain of a random profile that an eye sees."""
    for seed in range(number * 1000, (number + 1) * 1000):
        drawn = sample_rain(random_profile(seed), seed)
        layer = rain_layer(drawn, SIDE, SIDE, seed)
        if float(layer.std()) * drawn.transmission > VISIBLE_STD:
            break
    return composite(clean.double(), layer, drawn).float()


def train_visibility(reader: RainReader, wet: Tensor, dry: Tensor, steps: int) -> None:
    """Teach the reader to tell crops with rain from others, half of each in every step."""
    parameters = [*reader.visible.parameters()]
    optimizer = torch.optim.AdamW(parameters, VISIBLE_RATE, weight_decay=0.2)
    generator = torch.Generator().manual_seed(1)
    target = torch.cat([torch.ones(64), torch.zeros(64)])
    reader.visible.train()
    for step in track(range(steps), steps, "visibility"):
        _set_rate(optimizer, VISIBLE_RATE, step, steps)
        some = [of[torch.randint(len(of), (64,), generator=generator)] for of in (wet, dry)]
        loss = F.binary_cross_entropy_with_logits(reader.judge(torch.cat(some)), target)
        _learn(optimizer, loss, parameters)


@torch.inference_mode()
def what_can_be_read(reader: RainReader, described: Described) -> Iterator[str]:
    """Yield the share of the variance that is read, R², for each number, on held-out sets."""
    chosen = (described.visible != 0).all(1)
    chosen[: SETS - HELD_OUT] = False
    mean, _ = reader.eval().read(reader.embed(described.seen[chosen]))
    target = described.numbers[chosen]
    explained = 1 - ((mean - target) ** 2).mean(0) / target.var(0)
    for name, share in zip(NAMES, explained, strict=True):
        yield f"{name:20} R² {share:5.2f}"


def _set_rate(optimizer: torch.optim.Optimizer, rate: float, step: int, steps: int) -> None:
    """Warm up over 100 steps, then fall as a cosine."""
    factor = min(1, (step + 1) / 100) * (1 + math.cos(math.pi * step / steps)) / 2
    for group in optimizer.param_groups:
        group["lr"] = rate * factor


def _learn(optimizer: torch.optim.Optimizer, loss: Tensor, parameters: list[nn.Parameter]) -> None:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def main(
    photographs: Annotated[Path, typer.Argument(help="Folder of clean photographs.")],
    folder: Annotated[Path, typer.Option(help="For what is made on the way.")] = Path(
        "runs/reader"
    ),
) -> None:
    """Render, train both parts, print what can be read, and write the weights."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    sets, reader = Sets(folder), RainReader()
    maps = folder / "maps.safetensors"
    pictures = read_photographs(photographs)
    bank = photograph_bank(pictures)
    if not maps.is_file():
        train_maps(reader, sets, bank, MAP_STEPS)
        save_file(reader.body.state_dict(), maps)
    reader.body.load_state_dict(load_file(maps))
    described = describe_sets(reader, sets, bank)
    train_heads(reader, sets, described, HEAD_STEPS)
    train_visibility(reader, *describe_singles(reader.eval(), pictures), HEAD_STEPS)
    typer.echo("\n".join(what_can_be_read(reader, described)))
    save_file(
        {
            name: value.half()
            for name, value in reader.state_dict().items()
            if value.is_floating_point()
        },
        OUTPUT,
    )


if __name__ == "__main__":
    with reporting():
        typer.run(main)

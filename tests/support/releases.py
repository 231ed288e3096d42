"""Make a tiny copy of each published release, with its true names and true kinds of content."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from support.hostile import photograph

SIZE = (48, 64)


@dataclass
class Release:
    """What a copy holds: the pairs by file names, or single images, and files that are neither."""

    layout: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    manifest: str | None = None
    others: int = 0


def clean(scene: int) -> np.ndarray:
    return photograph(scene, *SIZE)


def rainy(scene: int, number: int = 0) -> np.ndarray:
    """The scene with streaks: bright vertical lines of two pixels' width."""
    columns = np.random.default_rng([scene, number]).choice(64, 8, replace=False)
    picture = clean(scene).astype(int)
    picture[:, columns] += 70
    return picture.clip(0, 255).astype(np.uint8)


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"quality": 95} if path.suffix.lower() == ".jpg" else {}
    Image.fromarray(picture).save(path, **options)


def pairs(root: Path, names: list[tuple[str, str, int]]) -> Release:
    """Save pairs named (rainy, clean, scene); a clean image may stand in several."""
    for number, (wet, dry, scene) in enumerate(names):
        save(root / wet, rainy(scene, number))
        save(root / dry, clean(scene))
    return Release("pairs", [(wet, dry) for wet, dry, _ in names])


def halves(root: Path, names: list[str], layout: str) -> Release:
    for scene, name in enumerate(names):
        both = [clean(scene), rainy(scene)]
        join = np.vstack if "over" in layout else np.hstack
        save(root / name, join(both if layout.startswith("clean") else both[::-1]))
    return Release(layout, [(name, name) for name in names])


def singles(root: Path, names: list[str]) -> Release:
    for scene, name in enumerate(names):
        save(root / name, rainy(scene))
    return Release("photographs", images=names)


def spa(root: Path) -> Release:
    """A list names the pairs; the crops of one video frame lie in folders of their own."""
    names = [
        (f"real_world/{i:03}/{i:03}-1_2_3.png", f"real_world/gt/{i:03}.png") for i in (0, 1, 10)
    ]
    made = pairs(root, [(*pair, i) for i, pair in enumerate(names)])
    lines = [f"/{wet} ./{dry}\n" for wet, dry in names]
    (root / "real_world.txt").write_text("".join(lines))
    return Release("pairs", made.pairs, manifest="real_world.txt")


def imagefolder(root: Path) -> Release:
    """A Hugging Face imagefolder of pairs."""
    names = [(f"a/{i}.jpg", f"b/{i}_t.jpg") for i in range(3)]
    made = pairs(root, [(*pair, i) for i, pair in enumerate(names)])
    lines = [json.dumps({"input_file_name": wet, "target_file_name": dry}) for wet, dry in names]
    (root / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return Release("pairs", made.pairs, manifest="metadata.jsonl")


def table(root: Path) -> Release:
    """A CSV with further columns, quoted names with commas and spaces, and a byte order mark."""
    names = [(f"photo, {i} wet.png", f"dry {i}.png") for i in range(3)]
    made = pairs(root, [(*pair, i) for i, pair in enumerate(names)])
    with (root / "pairs.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [("id", "Clean", "Rainy"), *((i, d, w) for i, (w, d) in enumerate(names))]
        )
    return Release("pairs", made.pairs, manifest="pairs.csv")


def json_lines(root: Path) -> Release:
    """Many rainy images of one clean one; a file that is not listed is no part of the set."""
    names = [(f"r{i}.webp", "clean.webp", 5) for i in range(3)]
    made = pairs(root, names)
    save(root / "unlisted.png", clean(9))
    (root / "set.jsonl").write_text(
        "".join(json.dumps({"rainy": wet, "clean": dry}) + "\n" for wet, dry, _ in names)
    )
    return Release("pairs", made.pairs, manifest="set.jsonl")


def rain1400(root: Path) -> Release:
    made = pairs(
        root,
        [
            (f"rainy_image/{n}_{m}.jpg", f"ground_truth/{n}.jpg", n)
            for n in (9, 90, 901)
            for m in (1, 2, 14)
        ],
    )
    assert ("rainy_image/901_14.jpg", "ground_truth/901.jpg") in made.pairs
    return made


def rain_ds(root: Path) -> Release:
    """Three kinds of rain for each clean image; the real part has equal names."""
    kinds = {"raindrop": "rd", "rainstreak": "rain", "rainstreak_raindrop": "rd-rain"}
    synthetic = [
        (
            f"RainDS_syn/train/{folder}/{pie}{kind}-{i}.png",
            f"RainDS_syn/train/gt/{pie}norain-{i}.png",
            i + 10 * len(pie),
        )
        for folder, kind in (
            ("raindrop", "rd"),
            ("rainstreak", "rain"),
            ("rainstreak_raindrop", "rd-rain"),
        )
        for pie in ("", "pie-")
        for i in (1, 10)
    ]
    real = [
        (f"RainDS_real/{folder}/{i}.png", f"RainDS_real/gt/{i}.png", i + 100)
        for folder in kinds
        for i in (2, 218)
    ]
    return pairs(root, synthetic + real)


def with_notes(make: Callable[[Path], Release]) -> Callable[[Path], Release]:
    """Releases come with files that are no images."""

    def made(root: Path) -> Release:
        release = make(root)
        (root / "README.md").write_text("Cite our paper.\n")
        release.others += 1
        return release

    return made


def numbered(
    wet: str, dry: str, numbers: tuple[int, ...] = (1, 2, 10)
) -> Callable[[Path], Release]:
    return lambda root: pairs(root, [(wet.format(i), dry.format(i), i) for i in numbers])


def below(folder: str, make: Callable[[Path], Release]) -> Callable[[Path], Release]:
    """Releases may have a folder around all of their files."""

    def made(root: Path) -> Release:
        release = make(root / folder)
        release.pairs = [(f"{folder}/{wet}", f"{folder}/{dry}") for wet, dry in release.pairs]
        return release

    return made


RELEASES: dict[str, Callable[[Path], Release]] = {
    "Rain100L": with_notes(numbered("rain-{:03}.png", "norain-{:03}.png")),
    "Rain100L, folder": numbered("rainy/rain-{:03}.png", "norain-{:03}.png"),
    "Rain100H": below(
        "rain_data_train_Heavy", numbered("rain/X2/norain-{}x2.png", "norain-{}.png")
    ),
    "Rain200L": below(
        "rain_data_test_Light", numbered("rain/X2/norain-{}x2.png", "norain/norain-{}.png")
    ),
    "Rain200H": numbered("test/input/norain-{}x2.png", "test/target/norain-{}.png"),
    "Rain12": numbered("{:03}_in.png", "{:03}_GT.png"),
    "Rain800": lambda root: halves(root, [f"train/{i}.jpg" for i in range(1, 13)], "clean_rainy"),
    "Rain1200": lambda root: halves(
        root,
        [
            f"Rain_{kind}/train2018new/{i}.jpg"
            for kind in ("Heavy", "Light", "Medium")
            for i in range(4)
        ],
        "rainy_clean",
    ),
    "Rain1400": rain1400,
    "Rain13k": lambda root: pairs(
        root,
        [
            (f"{part}/input/{i}.png", f"{part}/target/{i}.png", i + 20 * k)
            for k, part in enumerate(("train/Rain13K", "test/Rain100H", "test/Test1200"))
            for i in (1, 2)
        ],
    ),
    "SPA-Data": spa,
    "SPA-Data, test": numbered("real_test_1000/rain/{:03}.png", "real_test_1000/gt/{:03}gt.png"),
    "Real-275": lambda root: singles(root, [f"norain-{i}.png" for i in (1, 2, 10, 275)]),
    "SIRR": lambda root: singles(root, [f"{i}.jpg" for i in (1, 2, 10, 147)]),
    "MOSS": lambda root: singles(root, [f"rain-{i:03}.png" for i in (1, 2, 48)]),
    "RainDS": rain_ds,
    "GT-RAIN": lambda root: pairs(
        root,
        [
            (f"{scene}/{scene}-Webcam-R-{i:03}.png", f"{scene}/{scene}-Webcam-C-000.png", k)
            for k, scene in enumerate(("Oinari_1-1", "Oinari_1-2"))
            for i in (0, 1, 299)
        ],
    ),
    "RainDrop": numbered("test_a/data/{}_rain.png", "test_a/gt/{}_clean.png"),
    "video": lambda root: pairs(
        root,
        [
            (f"{clip}_Rain/{i:05}.jpg", f"{clip}_GT/{i:05}.jpg", i + 10 * k)
            for k, clip in enumerate(("a1", "b2"))
            for i in (1, 2)
        ],
    ),
    "video without targets": lambda root: singles(
        root, [f"{clip}/{i:05}.jpg" for clip in ("a1", "b2") for i in (1, 2, 10)]
    ),
    "imagefolder": imagefolder,
    "CSV": table,
    "JSON lines": json_lines,
}


def archive(root: Path, kind: str) -> Path:
    """Pack the folder ``root``; ``kind`` is zip, tar, gztar, bztar or xztar."""
    return Path(shutil.make_archive(str(root), kind, root))

"""Folders of pairs as people have them, each as a tiny copy under its true names.

Every entry gives (rainy, clean, scene) by file names; lists and files beside the pairs follow.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from support.hostile import photograph
from support.releases import SIZE, save

Triples = list[tuple[str, str, int]]


def clean(scene: int) -> np.ndarray:
    """A picture with details: a smooth one, and a finer one laid upon it."""
    height, width = SIZE
    fine = np.random.default_rng([scene, 1]).integers(-40, 40, (height // 3, width // 4, 1))
    fine = np.kron(fine, np.ones((3, 4, 1), int))
    return (photograph(scene, *SIZE).astype(int) + fine).clip(0, 255).astype(np.uint8)


def rainy(scene: int, number: int) -> np.ndarray:
    """The scene with streaks: bright pieces of vertical lines."""
    picture = clean(scene).astype(int)
    draw = np.random.default_rng([scene, number, 2])
    for _ in range(24):
        top, left = draw.integers(0, SIZE[0] - 10), draw.integers(0, SIZE[1])
        picture[top : top + 10, left] += 90
    return picture.clip(0, 255).astype(np.uint8)


NUMBERS = (1, 2, 10, 11)


def each(wet: str, dry: str, numbers: tuple[int, ...] = NUMBERS) -> Triples:
    """One rainy picture for each clean one."""
    return [(wet.format(i), dry.format(i), i) for i in numbers]


def many(
    wet: str, dry: str, variants: tuple[str, ...], numbers: tuple[int, ...] = NUMBERS
) -> Triples:
    """Several rainy pictures for each clean one."""
    return [(wet.format(i, v), dry.format(i), i) for i in numbers for v in variants]


S_A = ("s80_a04", "s85_a05", "s100_a06")
RAIN_CITY = tuple(
    f"alpha_{a}_beta_{b}_dropsize_{d}_pattern_{p}"
    for a, b, d, p in (
        ("0.01", "0.005", "0.01", 1),
        ("0.02", "0.01", "0.005", 2),
        ("0.03", "0.015", "0.002", 12),
    )
)
CITY = "aachen_{0:06}_000019_leftImg8bit"
SCENES = ("scene1", "scene2", "scene10")


def scenes(wet: str, dry: str) -> Triples:
    """Frames of scenes, {0}: the scene, {1}: the frame; one clean picture for a scene."""
    return [
        (wet.format(scene, i), dry.format(scene), k)
        for k, scene in enumerate(SCENES)
        for i in range(1, 5)
    ]


FOLDERS: dict[str, Triples] = {
    # Two folders, whatever they are called.
    "LR|HR": each("LR/{}.png", "HR/{}.png"),
    "A|B": each("A/{}.png", "B/{}.png"),
    "B|A": each("B/{}.png", "A/{}.png"),
    "trainA|trainB": each("trainA/{}.jpg", "trainB/{}.jpg")
    + each("testA/{}.jpg", "testB/{}.jpg", (21, 22, 23)),
    "low|high": each("low/{}.png", "high/{}.png"),
    "rain|no_rain": each("rain/{:03}.png", "no_rain/{:03}.png"),
    "rain|no-rain": each("rain/{:03}.png", "no-rain/{:03}.png"),
    "rainy|clear": each("rainy/{}.png", "clear/{}.png"),
    "Drop|Clear": each("Drop/{:05}.png", "Clear/{:05}.png"),
    "degraded|clean": each("degraded/{}.png", "clean/{}.png"),
    "source|target": each("source/{}.png", "target/{}.png"),
    "real_world|real_world_gt": each("real_world/{:03}.png", "real_world_gt/{:03}.png"),
    "in|gt": each("in/{}.png", "gt/{}.png"),
    "K12": each("image_2_3_rain50/{:06}_10.png", "image_2_3_norain/{:06}_10.png"),
    "rain_img|gt_img": each("rain_img/{}.png", "gt_img/{}.png"),
    "雨|无雨": each("雨/{}.png", "无雨/{}.png"),
    "lq|hq below splits": each("train/lq/{}.png", "train/hq/{}.png")
    + each("val/lq/{}.png", "val/hq/{}.png", (5, 6, 7)),
    "splits below sides": each("X/train/{}.png", "Y/train/{}.png")
    + each("X/val/{}.png", "Y/val/{}.png", (5, 6, 7)),
    "two folders deep": each("rain/rainy_image/{}.png", "norain/ground_truth/{}.png"),
    "two folders deep, other words": each("U/foo/{}.png", "V/bar/{}.png"),
    "avant|apres": each("avec pluie/IMG {}.JPG", "sans pluie/IMG {}.JPG"),
    "Regen|trocken": each("Regen/{}.png", "trocken/{}.png"),
    "words between": each("O/a_{}_o.png", "GTs/a_{}_t.png"),
    "names with words": each("X/rainy_{:02}.png", "Y/norain_{:02}.png"),
    "blurred and sharp names": each("1/x{:03}.png", "2/x{:03}.png"),
    # One folder, two sets of names.
    "N_rainy beside N": each("{}_rainy.png", "{}.png"),
    "N_r beside N_c": each("{}_w.png", "{}_d.png"),
    "words instead of numbers": [
        (f"{name}_lq.png", f"{name}_hq.png", i)
        for i, name in enumerate(("lake", "street", "old town", "bridge"))
    ],
    "word before": each("wet {}.png", "dry {}.png"),
    "no_rain names": each("{}_rain.png", "{}_no_rain.png"),
    "clips": [
        (f"clip{c}_P/{i:05}.jpg", f"clip{c}_Q/{i:05}.jpg", i + 10 * c)
        for c in (1, 2, 3)
        for i in (1, 2)
    ],
    # Many rainy pictures of one clean one.
    "Outdoor-Rain": many("in/im_{:04}_{}.png", "gt/im_{:04}.png", S_A),
    "Outdoor-Rain, one folder": many("im_{:04}_{}.png", "im_{:04}.png", S_A),
    "HeavyRain": many("train/in/im_{:04}_{}.png", "train/gt/im_{:04}.png", S_A),
    "HeavyRain, other words": many("P/im_{:04}_{}.png", "Q/im_{:04}.png", S_A),
    "scene_1_2 of scene_1": many("foo/scene_{}_{}.png", "bar/scene_{}.png", ("1", "2", "3")),
    "Rain100mm": many(
        "rain/" + CITY + "_rain_{1}.png", "gt/" + CITY + ".png", ("100mm", "25mm", "200mm")
    ),
    "RainCityscapes": many(
        "leftImg8bit_rain/train/aachen/" + CITY + "_rain_{1}.png",
        "leftImg8bit/train/aachen/" + CITY + ".png",
        RAIN_CITY,
    ),
    "variant before": many("foo/{1}_{0:04}.png", "bar/{0:04}.png", ("light", "heavy")),
    "crops": many("foo/{:03}-{}.png", "bar/{:03}.png", ("1_2_3", "10_20_30")),
    # One clean picture for a folder.
    "rainy/scene/001 of clean/scene": scenes("rainy/{}/{:03}.png", "clean/{}.png"),
    "scene/001 of scene/gt": scenes("{}/{:03}.png", "{}/gt.png"),
    "scene/001 of scene/base": scenes("{}/{:03}.png", "{}/base.png"),
    "scene/rainy/001 of scene/gt": scenes("{}/rainy/{:03}.png", "{}/gt.png"),
    "scene/r/1 of scene/gt/gt": scenes("{}/r/{:03}.png", "{}/gt/gt.png"),
    "rainy/scene/001 of scene/gt": scenes("rainy/{}/{:03}.png", "{}/gt.png"),
    "foo/scene/001 of bar/scene": scenes("foo/{}/{:03}.png", "bar/{}.png"),
    "rainy/scene/001 of clean/scene/000": scenes("rainy/{}/{:03}.png", "clean/{}/000.png"),
    # Releases.
    "GT-RAIN, test": [
        (f"GT-RAIN_test/{s}/{s}-Webcam-R-{i:03}.png", f"GT-RAIN_test/{s}/{s}-Webcam-C-000.png", k)
        for k, s in enumerate(("Oinari_1-1", "M1135_0-0"))
        for i in (0, 1, 299)
    ],
    "LHP-Rain": each("train/input/{:05}.png", "train/gt/{:05}.png"),
    "RealRain-1k": each(
        "RealRain-1k-H/training/input/{}.png", "RealRain-1k-H/training/target/{}.png"
    )
    + each("RealRain-1k-L/test/input/{}.png", "RealRain-1k-L/test/target/{}.png", (5, 6)),
    "SynRain-13k": each("SynRain-13k/training/input/{}.png", "SynRain-13k/training/target/{}.png"),
    "WeatherStream": [
        (f"train/rain/{s}/degraded_{i}.png", f"train/rain/{s}/gt.png", k)
        for k, s in enumerate(("0xabc_1", "0xabc_2", "7f"))
        for i in range(3)
    ],
    "UAV-Rain1k": each("train/input/{}.png", "train/target/{}.png")
    + each("test/input/{}.png", "test/target/{}.png", (5, 6)),
    "4K-Rain13k": each("train/input/{:05}.png", "train/gt/{:05}.png"),
    "HQ-RAIN": each("train/LQ/{}.png", "train/HQ/{}.png"),
    "BID": each("rain_streak/{}.jpg", "gt/{}.jpg"),
    "AllWeather": many("allweather/input/im_{:04}_{}.png", "allweather/gt/im_{:04}.png", S_A)
    + each("allweather/input/{}_rain.png", "allweather/gt/{}_clean.png", (20, 21)),
    "RainDS, real": [
        (f"RainDS_real/train_set/{kind}/{i}.png", f"RainDS_real/train_set/gt/{i}.png", i)
        for kind in ("raindrop", "rainstreak", "rainstreak_raindrop")
        for i in (1, 2)
    ],
    "Rain1200 cut": each("Heavy/A/{}.png", "Heavy/B/{}.png")
    + each("Light/A/{}.png", "Light/B/{}.png", (5, 6, 7)),
    "RainTrainH": each("rain-{}.png", "norain-{}.png"),
    "NTURain": [
        (f"train_{s}_Rain/{i:05}.jpg", f"train_{s}_GT/{i:05}.jpg", i + 10 * k)
        for k, s in enumerate(("a1", "b3"))
        for i in (1, 2)
    ],
}

ASKED: dict[str, Triples] = {
    "RaindropClarity": each("Drop/{0:05}.png", "Clear/{0:05}.png")
    + each("Blur/{0:05}.png", "Clear/{0:05}.png"),
    "three levels": each("x/{}.png", "z/{}.png") + each("y/{}.png", "z/{}.png"),
    "words and pictures disagree": [
        (wet, dry, i) for dry, wet, i in each("in/{}.png", "gt/{}.png")
    ],
}


def lay(root: Path, triples: Triples) -> set[tuple[str, str]]:
    """Save the pictures; return the pairs (rainy, clean)."""
    for number, (wet, dry, scene) in enumerate(triples):
        save(root / wet, rainy(scene, number))
        save(root / dry, clean(scene))
    return {(wet, dry) for wet, dry, _ in triples}


Writer = Callable[[Path, list[tuple[str, str]]], None]


def text(line: str, head: str = "", encoding: str = "utf-8", name: str = "list.txt") -> Writer:
    def write(root: Path, rows: list[tuple[str, str]]) -> None:
        lines = [head] * bool(head) + [line.format(*row) for row in rows]
        (root / name).write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))

    return write


def json_array(form: Callable[[str, str], object], name: str = "list.json") -> Writer:
    def write(root: Path, rows: list[tuple[str, str]]) -> None:
        (root / name).write_text(json.dumps([form(*row) for row in rows]))

    return write


def parallel(root: Path, rows: list[tuple[str, str]]) -> None:
    for name, column in (("inputs.txt", 0), ("outputs.txt", 1)):
        (root / name).write_text("".join(f"{row[column]}\n" for row in rows))


LISTS: dict[str, Writer] = {
    "tab": text("{}\t{}"),
    "comma": text("{},{}"),
    "comma and blank": text("{}, {}"),
    "semicolon": text("{};{}", name="list.csv"),
    "quotes": text('"{}" "{}"'),
    "blanks in names": text("{} {}"),
    "BOM": text("{},{}", encoding="utf-8-sig"),
    "UTF-16": text("{},{}", "rainy,clean", encoding="utf-16", name="list.csv"),
    "rainy,clean": text("{},{}", "rainy,clean", name="list.csv"),
    "input,gt": text("{},{}", "input,gt", name="list.csv"),
    "lq,gt": text("{},{}", "lq,gt", name="list.csv"),
    "gt,lq": text("{1},{0}", "gt,lq", name="list.csv"),
    "rain,norain": text("{},{}", "rain,norain", name="list.csv"),
    "input_path,target_path": text("{},{}", "input_path,target_path", name="list.csv"),
    "control_input,target_input": text("{},{}", "control_input,target_input", name="list.csv"),
    "no heading": text("{},{}", name="list.csv"),
    "no heading, clean first": text("{1},{0}", name="list.csv"),
    "unknown heading": text("{},{}", "left,right", name="list.csv"),
    "TSV": text("{}\t{}", "rainy\tclean", name="list.tsv"),
    "root's own name": text("root/{},root/{}"),
    "absolute elsewhere": text("/home/me/data/root/{},/home/me/data/root/{}"),
    "Windows": lambda root, rows: text("{}\t{}")(
        root, [(a.replace("/", "\\"), b.replace("/", "\\")) for a, b in rows]
    ),
    "JSON array": json_array(lambda wet, dry: {"rainy": wet, "clean": dry}),
    "JSON array of pairs": json_array(lambda wet, dry: [wet, dry]),
    "JSON lines": lambda root, rows: (root / "list.jsonl").write_text(
        "".join(json.dumps({"lq": wet, "gt": dry}) + "\n" for wet, dry in rows)
    ),
    "two parallel lists": parallel,
}

LISTED = each("p/wet {}.png", "q/b {}.jpg", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10))

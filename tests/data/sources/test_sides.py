"""Property: whatever the two sides are called, they are found, and told apart by their pictures."""

import string
from random import Random

import numpy as np
import skimage.data

from ssid.data.rain.render import PROFILES, render
from ssid.data.sources.detection import detect_layout
from ssid.data.sources.items import list_items
from ssid.errors import UserError
from support.releases import save

CASES = 100
SIZE = 64


def word(random):
    return "".join(random.choices(string.ascii_letters, k=random.randint(1, 6)))


def names(random):
    """(rainy, clean, scene) by random words, keys, suffixes and places of the words."""
    first, second = random.sample(sorted({word(random).lower() for _ in range(40)}), 2)
    keys = random.sample(range(1, 5000), random.randint(5, 8))
    digits = random.choice(["{:05}", "{}", word(random) + "_{:03}", "{:04}-" + word(random)])
    extras = [f"_{word(random)}{i}_{random.randint(0, 99)}" for i in range(random.randint(1, 3))]
    extras = random.choice([extras, [""]])
    place = random.choice(["{side}/{name}", "x/{side}/{name}", "{side}/y/{name}", "{name}_{side}"])
    for scene, key in enumerate(keys):
        name = digits.format(key)
        for extra in extras:
            wet = place.format(side=first, name=name) + extra + ".png"
            yield wet, place.format(side=second, name=name) + ".png", scene


def photograph(random):
    picture = random.choice(PICTURES)
    top, left = (random.randrange(side - SIZE) for side in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + SIZE, left : left + SIZE])


PICTURES = [
    skimage.data.astronaut(),
    skimage.data.coffee(),
    skimage.data.rocket(),
    skimage.data.cat(),
]


def lay(root, random):
    profile = random.choice(sorted(PROFILES))
    pairs, scenes = set(), {}
    for wet, dry, scene in names(random):
        clean = scenes.setdefault(scene, photograph(random))
        save(root / dry, clean)
        save(root / wet, render(clean, profile, random.randrange(1000))[0])
        pairs.add((wet, dry))
    return pairs


def outcome(root, random):
    pairs = lay(root, random)
    try:
        found = detect_layout(root)
        items = list_items(root, found.layout, sides=found.sides).items
    except UserError:
        return "asked"
    same = {(item.rainy.name, item.clean and item.clean.name) for item in items} == pairs
    return "right" if same else "wrong"


def test_sides_of_any_name_are_found_and_told_apart(tmp_path):
    outcomes = [outcome(tmp_path / str(seed), Random(seed)) for seed in range(CASES)]
    assert outcomes.count("wrong") == 0
    assert outcomes.count("right") >= 0.99 * CASES

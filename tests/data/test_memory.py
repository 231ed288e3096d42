import os
import subprocess
import sys

from PIL import Image

from support.hostile import photograph
from support.repository import ROOT

FEW, MANY = 50, 2000
HEIGHT, WIDTH = 100, 150

MEASURE = """
import resource
import sys
from pathlib import Path
from ssid.data.params import SyntheticSet
from ssid.data.prepare import prepare
for name in sys.argv[2:]:
    block = SyntheticSet(root=f"{sys.argv[1]}/{name}", layout="pairs")
    images = prepare("synthetic", "a", block, Path(sys.argv[1], "out"), 2).images
    print(images, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def pairs(root, count):
    """Make pairs that are links to a few files, which takes less time."""
    for side in ("rainy", "clean"):
        (root / side).mkdir(parents=True)
        for i in range(count):
            file = root / side / f"{i}.jpg"
            if i < 10:
                Image.fromarray(photograph(i, HEIGHT, WIDTH)).save(file)
            else:
                file.hardlink_to(root / side / f"{i % 10}.jpg")


def test_memory_does_not_grow_with_the_pixels(tmp_path):
    pairs(tmp_path / "few", FEW)
    pairs(tmp_path / "many", MANY)
    arguments = [sys.executable, "-c", MEASURE, str(tmp_path), "few", "few", "many"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(arguments, check=True, env=environment, capture_output=True, text=True)
    (_, _), (few, small), (many, large) = (map(int, s.split()) for s in done.stdout.splitlines())
    assert (few, many) == (FEW, MANY)
    pixels = 2 * HEIGHT * WIDTH * 3 * (MANY - FEW)
    assert large - small < pixels / 6  # the catalogue, at less than 10 kB an image

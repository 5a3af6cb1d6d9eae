"""Summer as winter and back: the page of `cyclegan_monet` on other folders.

python recipes/cyclegan_seasons.py [--x FOLDER --y FOLDER --test-x FOLDER --test-y FOLDER]
"""

import functools
import inspect
from pathlib import Path

import typer
from cyclegan_monet import main as translate

NAMES = {"x": "trainA", "y": "trainB", "test_x": "testA", "test_y": "testB"}
OWN = {name: f"cycle_gan/summer2winter_yosemite:{split}" for name, split in NAMES.items()}
OWN |= {"out": Path("saved_models/cyclegan_seasons"), "title": "cyclegan_seasons", "identity_weight": 0.0}


@functools.wraps(translate)
def main(**options):
    return translate(**{**OWN, **options})


main.__signature__ = inspect.Signature(
    parameter.replace(default=OWN.get(name, parameter.default))
    for name, parameter in inspect.signature(translate).parameters.items()
)

if __name__ == "__main__":
    typer.run(main)

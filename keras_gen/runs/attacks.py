"""Attacks on the classifier of a run."""

import typing

import numpy as np

from keras_gen import checks, plots
from keras_gen.input_optimization import adversarial
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import range_of
from keras_gen.runs.training import evaluation_arrays
from keras_gen.training.tasks import require_task

METHODS = {
    "fgsm": adversarial.fgsm,
    "pgd": adversarial.pgd,
    "deepfool": adversarial.deepfool,
    "lbfgs": adversarial.lbfgs,
    "carlini-wagner": adversarial.carlini_wagner,
    "universal": adversarial.universal_perturbation,
}
_WITH_EPSILON, _WITH_TARGET = ("fgsm", "pgd", "universal"), ("fgsm", "pgd", "lbfgs", "carlini-wagner")
_WITH_SEED = ("pgd", "universal")


_SHOWN = 10  # images in the picture


class Attacked(typing.NamedTuple):
    """The `report` of an attack, an `AttackReport`, and the `figure` of images, their changes and attacked images."""

    report: adversarial.AttackReport
    figure: object


def attack(folder, method="fgsm", n=1000, epsilon=None, target=None, name=None, seed=0, verbose=0):
    """Attack the classifier of a run with test images.

    The universal perturbation is made from as many training images.

    Args:
        folder: The folder of a run whose model classifies.
        method: `"fgsm"`, `"pgd"`, `"deepfool"`, `"lbfgs"`, `"carlini-wagner"` or `"universal"`. Defaults to `"fgsm"`.
        n: Number of test images, an integer >= 1. Defaults to 1000.
        epsilon: Largest change of a pixel by `fgsm`, `pgd` and `universal`. Defaults to `None`: the method's own.
        target: Name of the class that the images are to be taken for; not for `deepfool` and `universal`. Defaults to
            `None`: any but their own.
        name: Name or path of the data. Defaults to `None`: the run's own.
        seed: Seed of `pgd` and `universal`. Defaults to 0.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        `Attacked`.

    Raises:
        ValueError: If the model does not classify, or an argument is not for the method.
    """
    run = load_run(folder)
    require_task("`attack`", run.model, "classify")
    checks.choice("method", method, METHODS)
    value_range = range_of(run.model)
    options = {"verbose": verbose, "value_range": value_range}
    if method in _WITH_SEED:
        options["seed"] = seed
    for argument, value, methods in (("epsilon", epsilon, _WITH_EPSILON), ("target", target, _WITH_TARGET)):
        if value is not None and method not in methods:
            raise ValueError(
                f"--{argument} is for some methods. Expected: {', '.join(methods)}. Received: --method {method}"
            )
    if epsilon is not None:
        options["epsilon"] = epsilon
    names = [str(one) for one in run.class_names or range(run.model.num_classes)]
    train, test = run.load_data(name)
    images, labels = (array[: checks.integer("n", n)] for array in evaluation_arrays(*run, test))
    if target is not None:
        options["targets"] = np.full(len(images), names.index(checks.choice("class", target, names)))
    if method == "universal":
        known = (array[:n] for array in evaluation_arrays(*run, train))
        perturbation = adversarial.universal_perturbation(run.model, *known, **options)
        attacked = np.clip(images + perturbation, *value_range)
    else:
        attacked = METHODS[method](run.model, images, labels, **options)
    report = adversarial.report(run.model, images, attacked, labels, options.get("targets"), value_range)
    return Attacked(report, _figure(run.model, images, attacked, labels, names, method, value_range))


def _figure(model, images, attacked, labels, names, method, value_range):
    """The first images that were classified right and are not any more, or else the first of all."""
    before, after = model.classify(images), model.classify(attacked)
    fooled = np.flatnonzero((before == labels) & (after != labels))
    shown = (fooled if len(fooled) else np.arange(len(images)))[:_SHOWN]
    changes = (attacked - images)[shown]
    middle, largest = sum(value_range) / 2, np.abs(changes).max()
    stretch = (value_range[1] - value_range[0]) / 2 / largest if largest else 0.0
    rows = {
        "images": images[shown],
        f"changes,\nup to {largest:.2g}": middle + stretch * changes,
        f"after {method}": attacked[shown],
    }
    captions = [f"{names[old]}\nas {names[new]}" for old, new in zip(before[shown], after[shown], strict=True)]
    return plots.image_rows(rows, value_range, captions)

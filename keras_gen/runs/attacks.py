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


class Attacked(typing.NamedTuple):
    """The `report` of an attack, an `AttackReport`, and the `figure` of attacked images."""

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
    figure = plots.wrong_images(attacked, labels, run.model.classify(attacked), run.class_names)
    return Attacked(report, figure)

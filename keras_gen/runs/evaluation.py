"""What the model of a run is worth: test losses, likelihood, quality of samples."""

import typing

from keras_gen import checks, data, metrics
from keras_gen.metrics.features import identity, inception_v3
from keras_gen.metrics.registry import NAMES
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import rescaled
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import evaluation_arrays

FEATURES = ("lenet5", "inception_v3", "identity")


class Measured(typing.NamedTuple):
    """A `name`, its `value`, the value's standard `error` where there is one, and a dict of further `details`."""

    name: str
    value: float
    error: float | None = None
    details: dict = {}


def evaluate(folder, name=None, nll_samples=0, wanted=(), samples=None, features="lenet5", seed=0, tell=None):
    """Measure the model of a run on test data.

    Args:
        folder: A run's folder.
        name: Name or path of the data. Defaults to `None`: the run's own.
        nll_samples: Importance samples of the likelihood, an integer >= 0; 0 for none. Defaults to 0.
        wanted: Names of metrics of samples, as in `metrics.by_name`. Defaults to ().
        samples: Number of samples that they measure, an integer >= 2. Defaults to `None`: as many as test images.
        features: `"lenet5"` (trained on the data), `"inception_v3"` or `"identity"` (pixels). Defaults to `"lenet5"`.
        seed: Seed of the samples. Defaults to 0.
        tell: Function that is called with a line of text before what takes long. Defaults to `None`.

    Returns:
        List of `Measured`: the losses, then the likelihood and the metrics of samples.

    Raises:
        ValueError: If the model has no test loss, likelihood or samples, or a name is unknown.
    """
    run = load_run(folder)
    model, settings = run
    if "translate" in model.tasks:
        raise ValueError(
            f"`evaluate` is for models of one set. Received: a run of {settings.model}; see its history.csv"
        )
    if nll_samples:
        run.require("likelihood", "`evaluate --nll-samples`")
    splits = data.load(run.data_name(name))
    test = evaluation_arrays(model, settings, splits[1])
    samples = samples or len(test[0])
    measures = _measures(run, splits, wanted, samples, features, tell) if wanted else []
    losses = model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0)
    found = [Measured(*pair) for pair in losses.items()]
    if nll_samples:
        nll = metrics.negative_log_likelihood(model, test[0], samples=nll_samples)
        found.append(Measured(f"nll[importance,samples={nll_samples}]", *nll))
    drawn = model.sample(samples, seed=seed) if measures else None
    return [*found, *(_measured(metric, drawn) for metric in measures)]


def _measured(metric, drawn):
    metric.update_state(drawn)
    report = metric.report()
    details = dict(list(report._asdict().items())[1:]) if isinstance(report, tuple) else {}
    return Measured(metric.name, float(metric.result()), None, details)


def _measures(run, splits, wanted, samples, features, tell):
    """The metrics asked for, against the test set, in the model's own range of values."""
    run.require("sample", "`evaluate --metrics`")
    train_set, test_set = splits
    names = wanted.split(",") if isinstance(wanted, str) else wanted
    for one in names:  # before a classifier is trained for nothing
        checks.choice("metric", one.strip(), NAMES)
    checks.choice("features", features, FEATURES)
    if features == "lenet5":
        if train_set.y is None:
            raise ValueError("lenet5 is trained on labels. Expected: labelled data, or --features. Received: no labels")
        if tell:
            tell("Features: LeNet-5, trained on this data once and kept.")
        extractor = metrics.FeatureExtractor.of_classifier(trained_classifier(train_set.x, train_set.y), "features")
    else:
        extractor = {"inception_v3": inception_v3, "identity": identity}[features]()
    value_range = run.model.value_range or (0, 1)
    return metrics.by_name(wanted, rescaled(test_set.x, run.model), extractor, value_range, samples)

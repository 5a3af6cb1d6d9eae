"""Measuring the model of a run: test losses, likelihood, metrics of samples."""

import typing

from keras_gen import checks, data, metrics
from keras_gen.metrics.features import identity, inception_v3
from keras_gen.metrics.registry import NAMES
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import range_of, rescaled
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import evaluation_arrays
from keras_gen.training.tasks import require_task

FEATURES = ("lenet5", "inception_v3", "identity")


class Measurement(typing.NamedTuple):
    """A `name`, its `value`, the standard `error` if it is known, and a dict of further `details`."""

    name: str
    value: float
    error: float | None = None
    details: dict = {}


def evaluate(folder, name=None, nll_samples=0, metric_names="", samples=None, features="lenet5", seed=0):
    """Measure the model of a run on test data.

    Args:
        folder: A run's folder.
        name: Name or path of the data. Defaults to `None`: the run's own.
        nll_samples: Importance samples of the likelihood, an integer >= 0; 0 for none. Defaults to 0.
        metric_names: Metrics of samples, as in `metrics.by_name`. Defaults to `""`: none.
        samples: Number of samples that they measure, an integer >= 2. Defaults to `None`: as many as test images.
        features: One of `FEATURES`, as in `feature_extractor`. Defaults to `"lenet5"`.
        seed: Seed of the samples. Defaults to 0.

    Returns:
        List of `Measurement`: the losses, then the likelihood and the metrics of samples.

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
        require_task("`evaluate --nll-samples`", model, "likelihood")
    train_set, test_set = data.load(run.data_name(name))
    test = evaluation_arrays(model, settings, test_set)
    sample_metrics = []
    if metric_names:
        require_task("`evaluate --metrics`", model, "sample")
        names = metric_names.split(",") if isinstance(metric_names, str) else metric_names
        for metric in names:  # before a classifier is trained for nothing
            checks.choice("metric", metric.strip(), NAMES)
        extractor, n = feature_extractor(features, train_set), samples or len(test[0])
        sample_metrics = metrics.by_name(names, rescaled(test_set.x, model), extractor, range_of(model), n)
    losses = model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0)
    measured = [Measurement(*loss) for loss in losses.items()]
    if nll_samples:
        nll = metrics.negative_log_likelihood(model, test[0], samples=nll_samples)
        measured.append(Measurement(f"nll[importance,samples={nll_samples}]", *nll))
    if sample_metrics:
        drawn = model.sample(sample_metrics[0].n, seed=seed)
        measured += [_measured(metric, drawn) for metric in sample_metrics]
    return measured


def feature_extractor(name, train_set, value_range=(0, 1)):
    """The `FeatureExtractor` of a name in `FEATURES`.

    `"lenet5"` is a classifier trained once on the training set, `"inception_v3"` Keras's, `"identity"` the pixels.
    """
    checks.choice("features", name, FEATURES)
    if name != "lenet5":
        return {"inception_v3": inception_v3, "identity": identity}[name]()
    if train_set.y is None:
        raise ValueError("lenet5 is trained on labels. Expected: labelled data, or --features. Received: no labels")
    return metrics.FeatureExtractor.of_classifier(trained_classifier(train_set.x, train_set.y, value_range))


def _measured(metric, drawn):
    metric.update_state(drawn)
    report = metric.report()
    details = dict(list(report._asdict().items())[1:]) if isinstance(report, tuple) else {}
    return Measurement(metric.name, float(metric.result()), None, details)

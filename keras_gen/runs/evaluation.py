"""Measuring the model of a run: test losses, likelihood, metrics of samples."""

import typing
from pathlib import Path

from keras_gen import cache, metrics
from keras_gen.estimates import estimate
from keras_gen.metrics.registry import checked_names
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import confusion, save_figures
from keras_gen.runs.sample_quality import Measurement, SampleQuality, contradiction
from keras_gen.runs.training import evaluation_arrays
from keras_gen.training.tasks import has_task, require_task


class Evaluation(typing.NamedTuple):
    """The list of `measurements` of a run, `remarks`, lines that say which of them to distrust, and `files` written."""

    measurements: list
    remarks: list
    files: list = ()


def evaluate(
    folder, name=None, nll_samples=0, metric_names="", samples=None, features="lenet5", seed=0, on_measured=None
):
    """Measure the model of a run on test data.

    Args:
        folder: A run's folder.
        name: Name or path of the data. Defaults to `None`: the run's own.
        nll_samples: Importance samples of the likelihood, an integer >= 0; 0 for none. Defaults to 0.
        metric_names: Metrics of samples, as in `metrics.by_name`. Defaults to `""`: none.
        samples: Number of samples that they measure, an integer >= 2. Defaults to `None`: as many as test images.
        features: `"lenet5"`, a classifier that is trained once on the training set, `"inception_v3"`, or `"identity"`
            for the pixels. Defaults to `"lenet5"`.
        seed: Seed of the samples. Defaults to 0.
        on_measured: Function that is called with a list of `Measurement` as soon as they are known: losses and
            likelihood before a classifier is trained for the metrics. Defaults to `None`.

    Returns:
        An `Evaluation`: its measurements are the losses, then the likelihood, then the accuracy of the classifier on
        the test images and the metrics of samples. For these, pixels are scaled to [0, 1], and each has the value of
        training images as its baseline. Of a run that classifies, they are the losses and the `error`, the share of
        wrong test images, whose confusion matrix is written into the folder as `confusion.png`.

    Raises:
        ValueError: If the model has no test loss, likelihood or samples, or a name is unknown.
    """
    metric_names = checked_names(metric_names) if metric_names else []  # before the model is loaded
    run = load_run(folder)
    model, settings = run
    if "translate" in model.tasks:
        raise ValueError(
            f"`evaluate` is for models of one set. Received: a run of {settings.model}; see its history.csv"
        )
    if nll_samples:
        require_task("`evaluate --nll-samples`", model, "likelihood")
    if metric_names:
        require_task("`evaluate --metrics`", model, "sample")
    train_set, test_set = run.load_data(name)
    contents = tuple(cache.fingerprint(part.x, part.y) for part in (train_set, test_set))
    changed = name is None and settings.contents not in (None, contents)
    remarks = ["The data have changed since the training: these figures are of other images."] if changed else []
    test = evaluation_arrays(model, settings, test_set)
    report = on_measured or (lambda measured: None)
    losses = model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0)
    measured = [Measurement(*loss) for loss in losses.items()]
    if has_task(model, "classify"):
        found = _of_classifier(run, folder, measured, remarks, *test)
        report(found.measurements)
        return found
    if nll_samples:
        nll = metrics.negative_log_likelihood(model, test[0], samples=nll_samples)
        measured.append(Measurement(f"nll[importance,samples={nll_samples}]", *nll))
    report(measured)
    if not metric_names:
        return Evaluation(measured, remarks)
    quality = SampleQuality(metric_names, train_set, test_set, features, samples)
    of_samples = quality.measure(model, seed)
    of_samples, remark = [*([quality.accuracy] if quality.accuracy else []), *of_samples], contradiction(of_samples)
    report(of_samples)
    return Evaluation([*measured, *of_samples], [*remarks, *([remark] if remark else [])])


def _of_classifier(run, folder, measured, remarks, x, labels):
    """The evaluation of a classifier: the share of wrong classes, with its standard error, and a picture of them."""
    predicted = run.model.classify(x)
    error = estimate(predicted != labels)
    files = save_figures(Path(folder), {"confusion.png": confusion(run, labels, predicted)})
    return Evaluation([*measured, Measurement("error", *error)], remarks, files)

"""Sample quality while a model trains, logged with the losses."""

import copy
import warnings

import keras
import numpy as np

from keras_gen import checks
from keras_gen.metrics.sample_metric import SampleMetric
from keras_gen.training.tasks import require_task

_MOST_OUTLIERS = 0.01  # up to this share, values far out of range are outliers, not another range


class EvaluateSamples(keras.callbacks.Callback):
    """Measure samples every few epochs and log each metric as `val_` and its name, for all callbacks that come after.

    `EarlyStopping`, `ModelCheckpoint`, `ReduceLROnPlateau`, `CSVLogger` and KerasTuner thus find
    `val_frechet[lenet5,n=10000]` as they find `val_loss`; put this callback before them, and give them the `mode`.

    Samples are measured in every epoch that `every` divides, counted over all that the model has finished, and in the
    first and the last of each `fit`, unless a callback after this one stops it. The epochs between repeat the last
    value, so that tables have no gaps. A repeated value is not an improvement: choose a `patience` that `every`
    divides.

    The samples come from the same latents each time, drawn once for all metrics: a metric of fewer samples takes the
    first, and metrics of equally many share their features. NaN is logged if samples are not finite or, after the first
    measurement, far out of a network's range. If at most 1 % of the values are far out of it, as with a generator
    without a last activation, they are clipped.

    Args:
        metrics: List of `metrics.SampleMetric`, such as `metrics.by_name` gives, of different names.
        every: Epochs between two measurements, an integer >= 1. Defaults to 1.
        seed: Integer >= 0 of the latents. Defaults to 0.
        labels: Integers `(n,)` for a conditional model, at least as many as the largest metric has samples, or `None`
            for the default of its `sample`. Defaults to `None`.

    Attributes:
        reports: Dict from the number of finished epochs to a dict from a metric's name to its `report()`, with standard
            errors where the metric has them; of this `fit`.

    Raises:
        ValueError: As `fit` begins, if the model cannot `sample`, or its shape or range is not what a metric expects.

    Example:

    >>> from keras_gen import metrics, presets
    >>> from keras_gen.metrics import features
    >>> x = np.random.default_rng(0).random((64, 8, 8, 1))
    >>> evaluation = EvaluateSamples(metrics.by_name("mmd", x, features.identity(), n=100), every=2)
    >>> name = "val_mmd[identity,bandwidth=median,n=100]"
    >>> best = keras.callbacks.EarlyStopping(name, mode="min", patience=4)
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(x, epochs=3, callbacks=[evaluation, best], verbose=0)
    >>> len(history.history[name]), list(evaluation.reports)
    (3, [1, 2, 3])
    """

    def __init__(self, metrics, every=1, seed=0, labels=None):
        super().__init__()
        listed = isinstance(metrics, (list, tuple)) and all(isinstance(metric, SampleMetric) for metric in metrics)
        if not listed or not metrics:
            raise ValueError(
                "`metrics` must be a list of at least one metric of samples. Expected: such as "
                f"[metrics.FrechetDistance(...)] or metrics.by_name(...). Received: {metrics!r}"
            )
        names = [metric.name for metric in metrics]
        if len(set(names)) < len(names):
            raise ValueError(f"`metrics` must have different names, because the logs use them. Received: {names}")
        self.metrics = list(metrics)
        self.every, self.seed = checks.integer("every", every), checks.integer("seed", seed, minimum=0)
        self.labels = None if labels is None else np.asarray(labels)
        largest = max(metric.n for metric in self.metrics)
        if labels is not None and (self.labels.ndim != 1 or len(self.labels) < largest):
            raise ValueError(
                f"`labels` must be one integer for each sample. Expected: at least {largest}, as the largest metric "
                f"measures. Received: shape {self.labels.shape}"
            )
        self.reports, self._values = {}, {}

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(self.metrics, memo), self.every, self.seed, self.labels)

    def on_train_begin(self, logs=None):
        self.reports, self._values = {}, {}
        require_task("`EvaluateSamples`", self.model, "sample")
        if self.labels is not None and not self.model.uses_labels:
            raise ValueError(f"`labels` are for a conditional model. Received: {type(self.model).__name__}")
        some = None if self.labels is None else np.unique(self.labels)
        shape = self._drawn(1 if some is None else len(some), some).shape[1:]
        for metric in self.metrics:
            metric.check_model(shape, self.model.value_range)

    def on_epoch_end(self, epoch, logs=None):
        done = self.model.epochs_completed
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if done % self.every == 0 or not self._values or last:
            self._measure(done)
        if logs is not None:
            logs.update(self._values)

    def _measure(self, done):
        n = max(metric.n for metric in self.metrics)
        samples = self._drawn(n, None if self.labels is None else self.labels[:n])
        finite, reports = bool(np.isfinite(samples).all()), {}
        for metric in self.metrics:
            metric.reset_state()
            samples_in_range, out_of_range = _clipped(samples[: metric.n], metric)
            if out_of_range and self.reports:  # the training diverges; at the first measurement, a wrong range raises
                warnings.warn(f"{metric.name}: most samples are far out of range after epoch {done}", stacklevel=2)
            if measured := finite and not (out_of_range and self.reports):
                metric.update_state(samples_in_range)
                reports[metric.name] = metric.report()
            self._values[f"val_{metric.name}"] = metric.result() if measured else float("nan")
        self.reports[done] = reports

    def _drawn(self, n, labels):
        return self.model.sample(n, seed=self.seed, **({} if labels is None else {"labels": labels}))


def _clipped(samples, metric):
    """The samples, a few outliers clipped to the range that the metric's network takes, and whether there are more."""
    if metric.features.network is None:
        return samples, False
    low, high = metric.value_range
    margin = (high - low) / 2
    far = np.mean((samples < low - margin) | (samples > high + margin))
    return np.clip(samples, low, high) if 0 < far <= _MOST_OUTLIERS else samples, bool(far > _MOST_OUTLIERS)

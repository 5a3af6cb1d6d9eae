"""A preset as KerasTuner builds and trains it."""

import dataclasses
import math

import keras
import keras_tuner
import numpy as np

from keras_gen import checks, data, presets
from keras_gen.runs.pictures import range_of
from keras_gen.seeds import seeded
from keras_gen.training.compilation import compiled_for
from keras_gen.tuning.measures import measurable
from keras_gen.tuning.objectives import SUM
from keras_gen.tuning.space import TRAINING, preset_arguments
from keras_gen.tuning.storage import RequireRoom, fatal_os_errors

_SEEDS_APART = 1_000_003  # searches of neighbouring seeds must share no training


class PresetHyperModel(keras_tuner.HyperModel):
    """A preset whose arguments in the ranges are chosen by KerasTuner.

    Args:
        settings: `runs.Settings` of all trials: the preset, the seed from which each trial's weights, order and noise
            follow, and as options the arguments of the preset that are not searched.
        parts: List of `Part`s of the data; each trial trains a model on each.
        ranges: List of `Range`.
        table: The `Table` of the trials, with their objective.
        measures: The `Measures`.
        best: The `BestModel` so far.
        repeats: Trainings of each trial on each part, each with its own weights, order and noise.
    """

    def __init__(self, settings, parts, ranges, table, measures, best, repeats=1):
        super().__init__()
        self.settings, self.parts, self.ranges = settings, parts, ranges
        self.table, self.objective, self.measures = table, table.objective, measures
        self.best, self.repeats = best, repeats

    def build(self, hp, repeat=0):
        return built(self.settings, self.ranges, hp, self.parts[0].x.shape[1:], repeat)

    def fit(self, hp, model, number, epochs, callbacks=(), **options):
        """Train and measure the trial of a number.

        A model that diverges is a failed trial, a file that cannot be written is the end.
        """
        with fatal_os_errors():
            return self._fit(hp, model, number, epochs, callbacks, **options)

    def _fit(self, hp, model, number, epochs, callbacks, **options):
        settings, found, smallest, best = trial_settings(self.settings, self.ranges, hp), [], math.inf, None
        stopping = [RequireRoom(self.best.folder), *callbacks, keras.callbacks.TerminateOnNaN()]
        for repeat in range(self.repeats):
            for part in self.parts:
                if found:  # KerasTuner's last callback saves the weights with which Hyperband goes on: of the first
                    model = self.build(hp, repeat)
                    options, stopping = {"verbose": 0}, [one for one in stopping if one is not callbacks[-1]]
                found.append(self._trained(model, settings, part, epochs, stopping, **options))
                if (score := self._score(found[-1])) < smallest:  # the others' memory is free for the next
                    smallest, best = score, model
        # Some names differ between trainings: a schedule logs each optimizer by its name
        shared = [name for name in found[0] if all(name in values for values in found)]
        means = {name: float(np.concatenate([values[name] for values in found]).mean()) for name in shared}
        means[SUM] = float(self.objective.score(means))
        self.best.keep_if_better(means[SUM], number, best, settings)
        curves = [self.table.curve_of(values) for values in found]
        folds = len(self.parts)
        rows = [np.concatenate(curves[start : start + folds]) for start in range(0, len(curves), folds)]
        error = standard_error(np.array(rows))
        return {**means, **({"standard_error": error} if math.isfinite(error) else {})}

    def _trained(self, model, settings, part, epochs, callbacks, initial_epoch=0, verbose=0):
        """Train a model on a part; dict from a name to an array of the values that it logged and those measured."""
        (x, *y), validation = part.arguments(model.uses_labels)
        batch_size = settings.batch_size * model.updates_per_step
        options = {"validation_data": validation, "callbacks": callbacks, "verbose": verbose}
        options |= {"epochs": epochs, "initial_epoch": initial_epoch}
        with compiled_for(model, epochs * math.ceil(len(x) / batch_size)):
            history = _fit_model(model, settings, x, y, batch_size, **options).history
        last = {name: np.array([values[-1]], "float64") for name, values in history.items()}
        if not np.isfinite(last["loss"]):
            raise keras_tuner.errors.FailedTrialError("diverged: the training loss is not finite")
        values = {**last, **self.measures.values(model, part)}
        if not np.isfinite(self._score(values)):
            raise keras_tuner.errors.FailedTrialError(f"diverged: {self.objective.name} is not finite")
        return values

    def _score(self, values):
        return float(self.objective.score({name: values[name].mean() for name in self.objective.weights}))

    def try_out(self):
        """Train models at the ends of the ranges for one step on a batch: a mistake must not cost every trial."""
        part = self.parts[0]
        for place in range(max(len(range_.probes) for range_ in self.ranges)):
            hp = probe(self.ranges, place)
            model, settings = self.build(hp), trial_settings(self.settings, self.ranges, hp)
            batch_size = settings.batch_size * model.updates_per_step
            (x, *y), validation = part.head(batch_size).arguments(model.uses_labels)
            with compiled_for(model, 1):
                options = {"validation_data": validation, "verbose": 0}
                logged = _fit_model(model, settings, x, y, batch_size, **options).history
            for name in self.objective.weights:
                checks.choice("objective", name, [*measurable(model.tasks), *logged])
            self.measures.try_out(model, part)


def trial_settings(settings, ranges, hp):
    """The settings of the trial for which KerasTuner chose the values `hp`."""
    values = preset_arguments(ranges, hp, settings.options)
    training = {name: values.pop(name) for name in TRAINING if name in values}
    return dataclasses.replace(settings.with_options(**values), **training)


def built(settings, ranges, hp, example_shape, repeat=0):
    """The compiled model of a trial; of each training of it, with its own weights and noise."""
    chosen = trial_settings(settings, ranges, hp)
    with seeded(chosen.seed + _SEEDS_APART * repeat):
        return presets.build(chosen.model, example_shape, **chosen.options)


def probe(ranges, place=0):
    """KerasTuner's values at one end of the ranges."""
    hp = keras_tuner.HyperParameters()
    for range_ in ranges:
        names = [f"nodes_{number}" for number in range(1, 10)] if range_.name == "nodes" else [range_.name]
        hp.values.update(dict.fromkeys(names, range_.probes[place % len(range_.probes)]))
    return hp


def _fit_model(model, settings, x, y, batch_size, **options):
    """Keras's history of a training; a pipeline draws binary images, if they are to be drawn."""
    if settings.binarization == "none":
        return model.fit(x, *y, batch_size=batch_size, **options)
    drawn = {"binarization": settings.binarization, "seed": model.order_seed, "value_range": range_of(model)}
    return model.fit(data.Pipeline(x, *y, batch_size=batch_size, **drawn), **options)


def standard_error(errors):
    """Standard error of the mean of errors `(r, n)` of r trainings on n examples, of all folds together.

    SE^2 = var_n(mean over trainings) / n + var_r(mean over examples) / r, without the variance of a single training
    or a single value; NaN of one value alone
    """
    parts = [part for part in (errors.mean(axis=0), errors.mean(axis=1)) if len(part) > 1]
    return float(math.sqrt(sum(part.var(ddof=1) / len(part) for part in parts))) if parts else math.nan

"""A preset as KerasTuner builds and trains it."""

import math

import keras
import keras_tuner
import numpy as np

from keras_gen import callbacks, checks, presets
from keras_gen.seeds import seeded
from keras_gen.training.compilation import compiled_for
from keras_gen.tuning.result import squared_errors
from keras_gen.tuning.space import preset_arguments
from keras_gen.tuning.storage import RequireRoom, fatal_os_errors

_SEEDS_APART = 1_000_003  # searches of neighbouring seeds must share no training


class PresetHyperModel(keras_tuner.HyperModel):
    """A preset whose arguments in the ranges are chosen by KerasTuner.

    Args:
        settings: `runs.Settings` of all trials: the preset, the seed from which each trial's weights, order and noise
            follow, and as options the arguments of the preset that are not searched.
        example_shape: One example's shape.
        ranges: List of `Range`.
        objective: The name of what is minimised.
        folder: The folder of a run of the best model so far.
        repeats: Trainings of each trial, each with its own weights, order and noise.
    """

    def __init__(self, settings, example_shape, ranges, objective, folder, repeats=1):
        super().__init__()
        self.settings, self.example_shape, self.ranges = settings, example_shape, ranges
        self.objective, self.run, self.repeats = objective, callbacks.RunFolder(folder), repeats
        self.smallest = math.inf  # objective so far, which a continued search sets

    def build(self, hp, repeat=0):
        with seeded(self.settings.seed + _SEEDS_APART * repeat):
            return presets.build(self.settings.model, self.example_shape, **self.trial_settings(hp).options)

    def trial_settings(self, hp):
        """The settings of one trial."""
        return self.settings.with_options(**preset_arguments(self.ranges, hp, self.settings.options))

    def fit(self, hp, model, x, inputs, targets, epochs, batch_size, callbacks=(), **options):
        """Train and measure, `repeats` times; a model that diverges is a failed trial, a file not written the end."""
        with fatal_os_errors():
            return self._fit(hp, model, x, inputs, targets, epochs, batch_size, callbacks, **options)

    def _fit(self, hp, model, x, inputs, targets, epochs, batch_size, callbacks, **options):
        options.update(epochs=epochs, batch_size=batch_size)
        stopping = [RequireRoom(self.run.folder), *callbacks, keras.callbacks.TerminateOnNaN()]
        models, found, errors = [], [], []
        for repeat in range(self.repeats):
            models.append(self.build(hp, repeat) if repeat else model)
            with compiled_for(models[-1], epochs * math.ceil(len(x) / batch_size)):
                history = models[-1].fit(x, validation_data=targets, callbacks=stopping, **options).history
            last = {name: values[-1] for name, values in history.items()}
            if not np.isfinite(last["loss"]):
                raise keras_tuner.errors.FailedTrialError("diverged: the training loss is not finite")
            errors.append(squared_errors(models[-1], inputs, targets))
            found.append({**last, "error": float(errors[-1].mean())})
            if not np.isfinite(found[-1][self.objective]):
                raise keras_tuner.errors.FailedTrialError(f"diverged: {self.objective} is not finite")
        # Some names differ between trainings: a schedule logs each optimizer by its name
        shared = [name for name in found[0] if all(name in results for results in found)]
        means = {name: float(np.mean([results[name] for results in found])) for name in shared}
        if means[self.objective] < self.smallest:
            models[int(np.argmin([results[self.objective] for results in found]))].save(self.run.model_path)
            self.trial_settings(hp).write(self.run.folder)
            self.smallest = means[self.objective]
        return {**means, "standard_error": standard_error(np.array(errors))}

    def try_out(self, x, inputs, targets):
        """Train models at the ends of the ranges for one step on the batch `x`: a mistake must not cost every trial."""
        for place in range(max(len(range_.probes) for range_ in self.ranges)):
            hp = keras_tuner.HyperParameters()
            for range_ in self.ranges:
                names = [f"nodes_{number}" for number in range(1, 10)] if range_.name == "nodes" else [range_.name]
                hp.values.update(dict.fromkeys(names, range_.probes[place % len(range_.probes)]))
            model = self.build(hp)
            with compiled_for(model, 1):
                logged = model.fit(x, batch_size=len(x), validation_data=targets, verbose=0).history
            squared_errors(model, inputs, targets)
            checks.choice("objective", self.objective, ["error", *logged])


def standard_error(errors):
    """Standard error of the mean of errors `(r, n)` of r trainings on n examples.

    SE^2 = var_n(mean over trainings) / n + var_r(mean over examples) / r, without the variance of a single training
    """
    parts = [errors.mean(axis=0), errors.mean(axis=1)]
    return float(math.sqrt(sum(part.var(ddof=1) / len(part) for part in parts if len(part) > 1)))

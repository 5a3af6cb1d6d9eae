"""KerasTuner's tuners, continued after a stop without losing a trial, and by several processes without waiting."""

import contextlib
import functools
import os
import time
from pathlib import Path

import keras_tuner

from keras_gen.tuning.parallel import connected
from keras_gen.tuning.storage import PROJECT, damaged

_PAUSE = 0.05  # seconds before a worker asks for a trial: KerasTuner's asks again at once if there is none yet


class _Continued:
    """An oracle that, when it is reloaded, hands out again all trials that have not finished, the first one first.

    KerasTuner's own knows only those that it had noted as running, and loses one whose note was not written.
    """

    def reload(self):
        super().reload()
        unfinished = [name for name, trial in self.trials.items() if trial.status not in ("COMPLETED", "FAILED")]
        self._retry_queue = sorted(unfinished, key=int, reverse=True)

    @keras_tuner.synchronized
    def end_trial(self, trial):
        if trial.trial_id in self._retry_queue:  # a worker ends what the process before this one handed out
            self._retry_queue.remove(trial.trial_id)
        super().end_trial(trial)


class _Random(_Continued, keras_tuner.oracles.RandomSearchOracle):
    pass


class _Bayesian(_Continued, keras_tuner.oracles.BayesianOptimizationOracle):
    pass


class _Hyperband(_Continued, keras_tuner.oracles.HyperbandOracle):
    pass


class _Grid(_Continued, keras_tuner.oracles.GridSearchOracle):
    """KerasTuner's grid, which rebuilds its queue from the existing trials, and need not wait for the end of one."""

    def reload(self):
        super().reload()
        order = functools.cmp_to_key(lambda a, b: self._compare(self._values(a), self._values(b)))
        for trial_id in sorted(self.trials, key=order):
            self._ordered_ids.insert(trial_id)
            self._populate_next.append(trial_id)  # successors that exist already are skipped

    def _values(self, trial_id):
        return self.trials[trial_id].hyperparameters.values

    def populate_space(self, trial_id):
        response = super().populate_space(trial_id)
        if response["status"] == "RUNNING":
            self._populate_next.append(trial_id)
        return response


class _Shared:
    """A tuner of which all but the workers keep their state in one file: a search may go on with more processes."""

    def _get_tuner_fname(self):
        return super()._get_tuner_fname() if self._is_worker() else os.path.join(self.project_dir, "tuner0.json")

    def run_trial(self, trial, *arguments, **options):
        return super().run_trial(trial, *arguments, number=int(trial.trial_id) + 1, **options)

    def pre_create_trial(self):
        if self._is_worker():
            time.sleep(_PAUSE)

    def _run_and_update_trial(self, *arguments, **options):
        if not self._is_worker():
            return super()._run_and_update_trial(*arguments, **options)
        try:
            with connected():
                return super()._run_and_update_trial(*arguments, **options)
        except ConnectionError as error:  # KerasTuner would record a failed trial
            raise keras_tuner.errors.FatalError(str(error)) from error


class _Tuner(_Shared, keras_tuner.Tuner):
    pass


class _HyperbandTuner(_Shared, keras_tuner.Hyperband):
    def __init__(self, oracle, **options):
        keras_tuner.Tuner.__init__(self, oracle, **options)


TUNERS = {"random": _Random, "bayesian": _Bayesian, "hyperband": _Hyperband, "grid": _Grid}


def tuner_of(name, hypermodel, folder, trials, epochs, **options):
    """The `keras_tuner.Tuner` of a name, which continues from the files of a stopped search in a folder.

    Args:
        name: A key of `TUNERS`.
        hypermodel: A `keras_tuner.HyperModel`.
        folder: The search's folder.
        trials: Total number of trials.
        epochs: Epochs of a trial, the maximum with `"hyperband"`.
        **options: `objective` and `seed` of the oracle.

    Returns:
        The tuner.
    """
    # Hyperband has more brackets than needed, and is stopped by `max_trials` below
    limit = {"max_epochs": epochs, "hyperband_iterations": trials} if name == "hyperband" else {"max_trials": trials}
    folder = Path(folder).resolve()
    try:
        oracle = TUNERS[name](max_consecutive_failed_trials=trials + 1, **limit, **options)
        kind = _HyperbandTuner if name == "hyperband" else _Tuner
        with contextlib.redirect_stdout(None):  # it prints the name of the file that it continues from
            tuner = kind(oracle, hypermodel=hypermodel, directory=str(folder), project_name=PROJECT, overwrite=False)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        if (folder / PROJECT).exists():
            raise damaged(folder / PROJECT, error) from None
        raise
    oracle.max_trials, oracle.verbose = trials, 0
    return tuner, oracle

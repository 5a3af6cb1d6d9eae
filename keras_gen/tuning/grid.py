"""Grid search that can be continued after a stop: KerasTuner's own forgets its progress."""

import functools

import keras_tuner


class ResumableGridOracle(keras_tuner.oracles.GridSearchOracle):
    """KerasTuner's grid, which rebuilds its queue from the existing trials when a search is resumed."""

    def reload(self):
        super().reload()
        order = functools.cmp_to_key(lambda a, b: self._compare(self._values(a), self._values(b)))
        for trial_id in sorted(self.trials, key=order):
            self._ordered_ids.insert(trial_id)
            self._populate_next.append(trial_id)  # successors that exist already are skipped

    def _values(self, trial_id):
        return self.trials[trial_id].hyperparameters.values


def grid_search(hypermodel, directory, project_name, overwrite, **options):
    """A `keras_tuner.Tuner` that goes through all combinations."""
    places = {"directory": directory, "project_name": project_name, "overwrite": overwrite}
    return keras_tuner.Tuner(ResumableGridOracle(**options), hypermodel, **places)

"""The best model so far, which several processes may replace."""

import json
import math

import filelock

from keras_gen import callbacks
from keras_gen.files import atomic_write
from keras_gen.tuning.storage import PROJECT

_SCORE, _LOCK = "best.json", ".best.lock"


class BestModel:
    """The run of the best model of a search.

    Args:
        folder: The search's folder. All processes that keep a model there see the same one.
    """

    def __init__(self, folder):
        self.run = callbacks.RunFolder(folder)
        self.folder = self.run.folder

    @property
    def rank(self):
        """The pair (objective, number of the trial) of the model that is kept, infinity without one."""
        path = self.folder / PROJECT / _SCORE
        if not path.exists():
            return math.inf, math.inf
        kept = json.loads(path.read_text())
        return kept["score"], kept["trial"]

    def keep_if_better(self, score, trial, model, settings):
        """Keep a trial's model and settings if its score is smaller than the one kept; of equal ones the first trial's.

        The order is that of the result, whichever trial of several processes ends first.
        """
        (self.folder / PROJECT).mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.folder / PROJECT / _LOCK):
            if not (score, trial) < self.rank:
                return
            model.save(self.run.model_path)
            settings.write(self.folder)
            # Last: if the process is killed before, its trial runs again, and is as good as it was
            with atomic_write(self.folder / PROJECT / _SCORE) as path:
                path.write_text(json.dumps({"score": score, "trial": trial}))

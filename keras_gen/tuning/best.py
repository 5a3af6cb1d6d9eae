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
    def score(self):
        """The objective of the model that is kept, infinity without one."""
        path = self.folder / PROJECT / _SCORE
        return json.loads(path.read_text())["score"] if path.exists() else math.inf

    def keep_if_better(self, score, model, settings):
        """Keep a model and its settings if its score is smaller than that of the one that is kept."""
        (self.folder / PROJECT).mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.folder / PROJECT / _LOCK):
            if not score < self.score:
                return
            model.save(self.run.model_path)
            settings.write(self.folder)
            # Last: if the process is killed before, its trial runs again, and is as good as it was
            with atomic_write(self.folder / PROJECT / _SCORE) as path:
                path.write_text(json.dumps({"score": score}))

"""The devices and workers that train a run: where each worker writes, and what another number of them changes."""

import contextlib
import dataclasses
import shutil
import tempfile
from pathlib import Path

from keras_gen import backend, checks
from keras_gen.files import SETTINGS
from keras_gen.locks import sole_writer
from keras_gen.reports import counted
from keras_gen.runs.settings import Settings


def require_shares(settings, folder, resume, given, strategy):
    """Raise a `ValueError` unless a batch divides among the devices of a strategy, by name, before workers connect.

    The arguments are those of `train`: the batch size is that of the resumed run, unless another is given.
    """
    if resume and "batch_size" not in given and (Path(folder) / SETTINGS).exists():
        settings = Settings.read(folder)
    checks.batch_size(settings.batch_size, 1, backend.device_count(strategy))


@contextlib.contextmanager
def worker_folder(folder, strategy):
    """The folder in which this process trains a run: for the chief the run's, of which it is the sole writer.

    Another worker trains in a copy that is removed at the end. All begin and end together; the loss of a worker is a
    `ConnectionError`.
    """
    with backend.lost_workers(strategy), contextlib.ExitStack() as stack:
        if not backend.is_chief(strategy):
            own = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
            if Path(folder).exists():
                shutil.copytree(folder, own, ignore=shutil.ignore_patterns(".*"))
            folder = own
        backend.barrier(strategy)  # what has been copied is what the chief goes on with
        stack.enter_context(sole_writer(folder))
        yield folder
        backend.barrier(strategy)


def scope(strategy):
    """The context in which a model is built for a strategy, which may be `None`."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def with_replicas(settings, strategy, verbose):
    """The settings with the number of devices that train now; a line says what another number than before changes."""
    now = 1 if strategy is None else strategy.num_replicas_in_sync
    if verbose and now != settings.replicas:
        print(
            f"The run was last trained on {counted(settings.replicas, 'device')} and continues on {now}, on the same "
            "batches. What is measured or drawn over a device's share of a batch, such as batch statistics, changes.",
            flush=True,
        )
    return dataclasses.replace(settings, replicas=now)

"""A process that takes part in a search, started by `parallel.run_workers`."""

import os
import pickle
import sys
import threading
from pathlib import Path

from keras_gen.tuning.search import search


def main():
    """Call `search` with the arguments in a file; a failure is written to standard output, as a pickled exception."""
    failures = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        search(**pickle.loads(Path(sys.argv[1]).read_bytes()))
    except Exception as error:
        failures.write(pickle.dumps(error if isinstance(error, (OSError, ValueError)) else str(error)))
        failures.flush()
        os._exit(1)


def _end_with_parent():
    """End this process when its standard input ends, which the parent holds open."""
    while os.read(0, 1):  # not by a buffer, whose lock would be held when the interpreter ends
        pass
    os._exit(1)

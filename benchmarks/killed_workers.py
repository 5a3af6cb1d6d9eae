"""Jobs of two workers, one of which is killed at once (SIGKILL) at a random moment; then both are started again.

    python benchmarks/killed_workers.py [--kills 20] [--preset vae] [--epochs 6] [--save-every 5] [--seed 0]

The job trains a preset on the digits by `keras-gen train ... --strategy multiworker --resume`. It is first left in
peace. Then, in a new folder for each kill, a random worker is killed at a random moment of that time, the seconds until
the other ends are noted, and both are started again. Nothing is lost if weights, optimizers and random states equal the
unbroken ones bit for bit, and the history up to the rounding of means, which a save adds up over the workers.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from kills import call, history, numbers


def work(words, cluster, log):
    """Run a command as a worker of a cluster, in this process, which ends with it."""
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    call(words, log)


class Job:
    """Two workers of a command, in new processes that have imported the library already."""

    def __init__(self, log):
        self.context, self.log = multiprocessing.get_context("forkserver"), log
        self.context.set_forkserver_preload(["keras_gen.cli.main", "keras_gen.runs"])

    def start(self, words):
        with socket.socket() as first, socket.socket() as second:
            for free in (first, second):
                free.bind(("127.0.0.1", 0))
            addresses = [f"127.0.0.1:{free.getsockname()[1]}" for free in (first, second)]
        workers = []
        for index in (0, 1):
            cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            workers.append(self.context.Process(target=work, args=(words, cluster, f"{self.log}-{index}.txt")))
            workers[-1].start()
        return workers

    def finish(self, words):
        """Seconds that a job took; a `RuntimeError` if a worker failed."""
        start, workers = time.perf_counter(), self.start(words)
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            raise RuntimeError(f"exit codes {[worker.exitcode for worker in workers]}; see {self.log}-*.txt")
        return time.perf_counter() - start


def table(folder):
    """The numbers of a run's history."""
    return np.array([[float(value) for value in row.split(",")] for row in history(folder)])


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--preset", default="vae")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--save-every", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    moments, folder = random.Random(options.seed), Path(tempfile.mkdtemp(prefix="killed-workers-"))
    print(f"Folders and logs: {folder}")
    job = Job(folder / "log")

    def words(out):
        training = ["--epochs", str(options.epochs), "--batch-size", "64", "--width", "0.2"]
        saving = ["--save-every", str(options.save_every), "--resume", "--out", str(out)]
        return ["train", options.preset, *training, *saving, "--strategy", "multiworker"]

    job.finish(words(folder / "first"))  # what a machine reads for the first time takes longer
    seconds = job.finish(words(folder / "unbroken"))
    expected, rows = numbers(folder / "unbroken" / "model.keras"), table(folder / "unbroken")
    print(f"An unbroken job takes {seconds:.1f} s.")
    equal, noticed = 0, []
    for kill in range(options.kills):
        out, moment, killed = folder / f"killed-{kill}", moments.uniform(0.0, seconds), moments.randrange(2)
        workers = job.start(words(out))
        time.sleep(moment)  # until the moment of the kill
        running = workers[killed].exitcode is None
        os.kill(workers[killed].pid, signal.SIGKILL) if running else None
        start = time.perf_counter()
        for worker in workers:
            worker.join()
        noticed += [time.perf_counter() - start] if running else []
        job.finish(words(out))
        same = numbers(out / "model.keras") == expected and np.allclose(table(out), rows, rtol=1e-6, atol=0)
        equal += same
        print(
            f"Kill {kill + 1}: worker {killed} after {moment:.1f} s; the other ended {noticed[-1]:.1f} s later; "
            f"{'equal' if same else 'DIFFERENT'}",
            flush=True,
        )
    print(f"{equal} of {options.kills} equal the unbroken job; the other worker ended after {_range(noticed)} s")
    return equal < options.kills


def _range(values):
    return f"{min(values):.1f} to {max(values):.1f}, median {statistics.median(values):.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

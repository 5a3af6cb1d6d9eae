"""Commands that are killed at once (SIGKILL), at random moments and in the middle of saves, and then called again.

    python benchmarks/kills.py [--rounds 8] [--only PART_OF_A_NAME] [--seed 0]

Every preset is trained for a few epochs on small images; a training with greedy pretraining, a search, and commands on
finished runs are called as well. Each is first called in a folder of its own and left in peace. Then, in another
folder, it is killed once a round and called again, and at last not killed. Nothing is lost if the model loads after
each kill, and if in the end all weights, optimizers and random states, the history, or the pictures equal the unbroken
ones bit for bit, with no file left that a killed process had begun.

The kills of a training take turns: at a random moment, as a save begins, as the first save begins, and at a random
moment of the time before the first epoch ends.
"""

import argparse
import contextlib
import csv
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDES = {"vgg16": 32}  # of presets that refuse 8x8 images
SMALL = {
    "alexnet": 0.02, "googlenet": 0.02, "vgg16": 0.02, "cyclegan": 0.05, "dcgan": 0.1, "wgan": 0.1, "wgan-gp": 0.1,
}  # fmt: skip
MOMENTS = ("random", "save", "early", "first save")


def call(words, log):
    """Run a command line in this process, which ends with it."""
    os.setsid()
    with open(log, "a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from keras_gen.cli import main as command_line

    sys.argv = ["keras-gen", *words]
    command_line.main()


class Caller:
    """Calls commands in new processes, which have imported the library already."""

    def __init__(self, log):
        self.context, self.log = multiprocessing.get_context("forkserver"), log
        self.context.set_forkserver_preload(["keras_gen.cli.main", "keras_gen.runs", "keras_gen.tuning", "keras_tuner"])

    def start(self, words):
        process = self.context.Process(target=call, args=(words, self.log))
        process.start()
        return process

    def finish(self, words):
        """Seconds that a command took; a `RuntimeError` if it failed."""
        start, process = time.perf_counter(), self.start(words)
        process.join()
        if process.exitcode:
            raise RuntimeError(f"exit code {process.exitcode} of {' '.join(map(str, words))}; see {self.log}")
        return time.perf_counter() - start

    def kill(self, words, when):
        """Start a command and kill it when `when(seconds since its start)` is true; whether it was still running."""
        start, process = time.perf_counter(), self.start(words)
        while process.exitcode is None and not when(time.perf_counter() - start):
            time.sleep(0.0005)  # leaves the processor to the command; a save takes longer
        running = process.exitcode is None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        return running


def strays(folder):
    """What a killed process has left in a folder, by their names."""
    return [str(p) for p in Path(folder).rglob("*") if "unfinished-" in p.name or p.name == ".writer"]


def numbers(path):
    """The arrays in a model's file by their names, as bytes."""
    import h5py

    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()} if hasattr(item, "shape") else {}))
    return found


def history(folder):
    """The rows of a run's history."""
    return (folder / "history.csv").read_text().splitlines()[1:]


def search_state(folder):
    """The trials of a search: their options and scores."""
    trials = [json.loads(path.read_text()) for path in sorted(folder.rglob("trial.json"))]
    return [(t["trial_id"], t["hyperparameters"]["values"], t["score"], t["status"]) for t in trials]


def files(folder):
    """The contents of the files in a folder; of pictures, the pixels: their files hold the date."""
    found = {}
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file() and not p.name.startswith(".")):
        is_picture = path.suffix == ".png"
        found[str(path.relative_to(folder))] = (
            np.asarray(Image.open(path)).tobytes() if is_picture else path.read_bytes()
        )
    return found


def write_data(folder):
    """Small sets: images as arrays, of two sizes, and folders of pictures."""
    rng = np.random.default_rng(0)
    for side in (8, 32):
        images = rng.random((96, side, side, 1)).astype("float32")
        np.savez(folder / f"images{side}.npz", x=images, y=np.arange(96) % 3)
    for name in ("x", "y"):
        (folder / name).mkdir()
        for number in range(6):
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype="uint8")).save(folder / name / f"{number}.png")


def trainings(folder):
    """Pairs (name, words without the folder) of the trainings."""
    from keras_gen import presets

    for name, preset in presets.PRESETS.items():
        if "translate" in preset.model.tasks:
            given = ["--x", folder / "x", "--y", folder / "y", "--size", "16", "--batch-size", "1"]
        else:
            given = ["--data", folder / f"images{SIDES.get(name, 8)}.npz", "--batch-size", "16"]
            given += ["--n-critic", "2"] if "n_critic" in preset.arguments and "wgan" in name else []
        yield name, ["train", name, *given, "--epochs", "4", "--width", SMALL.get(name, 0.1), "--resume"]
    data = folder / "images8.npz"
    yield "pretraining", ["train", "stacked", "--data", data, "--epochs", "2", "--pretrain-epochs", "30", "--resume"]
    yield (
        "dropout",
        ["train", "lenet5", "--data", data, "--epochs", "4", "--dropout", "0.3", "--width", "0.3", "--resume"],
    )


def others(folder, finished):
    """Triples (name, words without the output, name of the output) of commands on finished runs."""
    vae, gan, cyclegan = (finished / name for name in ("vae", "gan", "cyclegan"))
    yield "sample", ["sample", vae, "--n", "9", "--seed", "0"], "samples.png"
    yield "sample into a folder", ["sample", gan, "--n", "30", "--seed", "0"], "samples"
    yield "reconstruct", ["reconstruct", vae], "pairs.png"
    yield "interpolate", ["interpolate", vae, "--seed", "0"], "path.png"
    yield "translate", ["translate", cyclegan, folder / "x"], "translated"
    yield "attack", ["attack", finished / "lenet5", "--n", "9"], "attack.png"
    yield "texture", ["texture", folder / "x" / "0.png", "--size", "16", "--steps", "20"], "texture.png"
    yield "evaluate", ["evaluate", vae], None


class Trial:
    """The kills of one command, and what was found wrong."""

    def __init__(self, name, caller, rng):
        self.name, self.caller, self.rng, self.kills, self.faults = name, caller, rng, 0, []

    def of_training(self, words, unbroken, folder, rounds):
        """Kill a training once a round; each round begins where the last was killed."""
        words = [str(word) for word in words]
        seconds = self.caller.finish([*words, "--out", str(unbroken)])
        for number in range(rounds):
            moment = MOMENTS[number % len(MOMENTS)]
            if moment in ("early", "first save"):
                shutil.rmtree(folder, ignore_errors=True)
            was_running = self.caller.kill([*words, "--out", str(folder)], self._when(moment, seconds, folder))
            self.kills += was_running
            self._require_whole(folder)
            if not was_running:
                shutil.rmtree(folder)
        self.caller.finish([*words, "--out", str(folder)])
        self._compare(folder, *((numbers(one / "model.keras"), history(one)) for one in (unbroken, folder)))

    def of_search(self, words, unbroken, folder, rounds):
        words = [str(word) for word in words]
        seconds = self.caller.finish([*words, "--out", str(unbroken)])
        for _ in range(rounds):
            self.kills += self.caller.kill([*words, "--out", str(folder)], self._when("random", seconds, folder))
        self.caller.finish([*words, "--out", str(folder)])
        self._compare(folder, search_state(unbroken), search_state(folder))

    def of_command(self, words, out, runs, rounds):
        """Kill a command that writes into a folder of its own."""
        words, before = [str(word) for word in words], files(runs)
        target, own = [], {}
        for name in ("unbroken", "killed"):
            own[name] = Path(out[0]) / f"{self.name.replace(' ', '-')}-{name}"
            own[name].mkdir()
        if out[1]:
            target = ["--out", str(own["unbroken"] / out[1])]
        seconds = self.caller.finish([*words, *target])
        for _ in range(rounds):
            target = ["--out", str(own["killed"] / out[1])] if out[1] else []
            self.kills += self.caller.kill([*words, *target], self._when("random", seconds, own["killed"]))
        self.caller.finish([*words, *target])
        self._compare(own["killed"], files(own["unbroken"]), files(own["killed"]))
        if files(runs) != before:
            self.faults.append("the run was changed")

    def _when(self, moment, seconds, folder):
        """A function of the seconds since the start that tells when to kill."""
        if moment in ("random", "early"):
            limit = self.rng.uniform(0, seconds * (1 if moment == "random" else 0.6))
            return lambda since: since > limit
        saves = 1 if moment == "first save" else self.rng.randint(1, 3)
        seen = set()

        def saving(_):
            with contextlib.suppress(FileNotFoundError):
                seen.update(p.name for p in folder.iterdir() if p.name.startswith(".model.unfinished-"))
            return len({name for name in seen if "trial" not in name}) >= saves

        return saving

    def _require_whole(self, folder):
        """Note a model, after a kill, that is not whole."""
        path = folder / "model.keras"
        if path.exists():
            try:
                numbers(path)
            except Exception as error:  # whatever it is, the model was lost
                self.faults.append(f"after a kill: {type(error).__name__}: {error}")

    def _compare(self, folder, unbroken, resumed):
        if unbroken != resumed:
            self.faults.append("differs from the unbroken one")
        if left := strays(folder):
            self.faults.append(f"left: {left}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="kills of each command")
    parser.add_argument("--only", default="", help="part of the names of the commands")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="", help="a .csv file for the results")
    given = parser.parse_args()
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    rng, trials = random.Random(given.seed), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(TMPDIR=str(folder), KERAS_GEN_CACHE=str(folder / "cache"))
        write_data(folder)
        finished, killed, outputs = (folder / part for part in ("unbroken", "killed", "outputs"))
        for part in (finished, killed, outputs):
            part.mkdir()
        caller = Caller(folder / "log.txt")

        def tried(name, method, *arguments, rounds=given.rounds):
            if given.only not in name:
                return
            trial = Trial(name, caller, rng)
            try:
                getattr(trial, method)(*arguments, rounds)
            except RuntimeError as error:
                trial.faults.append(str(error))
            trials.append(trial)
            print(f"{name}: {trial.kills} kills, {'; '.join(trial.faults) or 'nothing lost'}", flush=True)

        for name, words in trainings(folder):
            tried(name, "of_training", words, finished / name, killed / name)
        search = ["tune", "vae", "--data", folder / "images8.npz", "--search", "latent_dim=2:5", "--trials", "4"]
        search += ["--epochs", "2", "--width", "0.1"]
        tried("search", "of_search", search, finished / "search", killed / "search", rounds=2 * given.rounds)
        for name, words, out in others(folder, finished):
            tried(f"command {name}", "of_command", words, (outputs, out), finished)
        if given.out:
            Path(given.out).parent.mkdir(parents=True, exist_ok=True)
            with open(given.out, "w", newline="") as file:
                csv.writer(file).writerows((t.name, t.kills, "; ".join(t.faults)) for t in trials)
        if any(trial.faults for trial in trials):
            shutil.copy(folder / "log.txt", "kills.log")
    kills, lost = sum(trial.kills for trial in trials), sum(bool(trial.faults) for trial in trials)
    print(f"{kills} kills of {len(trials)} commands: {lost} commands lost or left something")


if __name__ == "__main__":
    main()

"""Hostile files given to the command line: none may run code, write or read elsewhere, or exhaust the machine.

    python benchmarks/attacks.py [--only PART_OF_A_NAME] [--list]

The attacks are pickles in arrays, models with foreign code, archives that write elsewhere, links planted where commands
write, pictures and archives that unpack to much more than they are, escape sequences for the terminal, and files
without an end. An attack has got through if a command has run foreign code, has changed or shown a file that is not its
own, has put control characters on the terminal, has taken a minute or two more gigabytes of memory, or has ended in
a traceback.
"""

import argparse
import os
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import psutil
from bad_inputs import SHORT, called
from hostile_files import (
    data_folders,
    hostile_models,
    hostile_pictures,
    hostile_settings,
    pickled_arrays,
    planted_links,
    tables,
)

from keras_gen import runs

SECRET = "of-another-user"
GIGABYTES = 2


def attacks(folder, good, owned, elsewhere):
    """Pairs (name, words)."""
    command = f"touch {owned}"
    data, pictures, models, links = (folder / name for name in ("data", "pictures", "models", "links"))
    for part in (data, pictures, models, links):
        part.mkdir()
    for name in [*pickled_arrays(data, command), *data_folders(data, elsewhere)]:
        yield f"train --data {name}", ["train", "vae", "--data", str(data / name), *SHORT, "--out", "new"]
        yield f"evaluate --data {name}", ["evaluate", str(good / "vae"), "--data", str(data / name)]
    for name, content in hostile_pictures().items():
        (pictures / name).write_bytes(content)
        yield f"texture {name}", ["texture", str(pictures / name), "--steps", "1", "--size", "8", "--out", "new.png"]
        yield f"translate {name}", ["translate", str(good / "vae"), str(pictures / name), "--out", "new"]
    for name, run in [
        *hostile_models(models, good / "vae", command, elsewhere),
        *hostile_settings(models, good / "vae", elsewhere),
    ]:
        yield f"sample, {name}", ["sample", str(run), "--n", "2", "--out", "new.png"]
        yield f"describe, {name}", ["describe", str(run)]
        yield f"evaluate, {name}", ["evaluate", str(run)]
        yield f"resume, {name}", ["train", "vae", "--resume", "--epochs", "2", "--batch-size", "500", "--out", str(run)]
    for name, run in planted_links(links, good / "vae", elsewhere):
        yield f"resume, {name}", ["train", "vae", "--resume", "--epochs", "2", "--out", str(run)]
    for path in tables(folder / "tables"):
        for command in ("outliers", "impute"):
            yield f"{command} {path.name}", [command, str(path), "--out", "new.csv"]
    escaped = "\x1b[2J"
    for words in (
        ["sample", escaped], ["train", escaped], ["train", "vae", "--data", escaped], ["evaluate", escaped],
        ["describe", escaped], ["texture", escaped], ["outliers", escaped], ["train", "vae", "--activation", escaped],
        ["sample", str(good / "vae"), "--out", f"{escaped}.txt"], ["tune", "vae", "--search", escaped],
        ["evaluate", str(good / "vae"), "--metrics", escaped], ["sample", str(good / "vae"), "--n", escaped],
    ):  # fmt: skip
        yield f"escapes in {' '.join(w for w in words if w != escaped and '/' not in w)}", words


class Watched:
    """The files of others, and the memory of this process, before and after a command."""

    def __init__(self, folder, owned, elsewhere):
        self.owned, self.elsewhere, self.around = owned, elsewhere, folder.parent
        self.files = self._files()

    def _files(self):
        others = list(self.elsewhere.parent.iterdir())
        escaped = [
            *self.around.glob("escaped*"),
            *Path("/tmp").glob("escaped*"),
            *Path().glob("escaped*"),
            Path("/tmp/owned"),
        ]
        return {str(p): p.read_bytes() for p in [*others, *escaped] if p.is_file()}

    def broken_by(self, words):
        """What a command has done that it must not, or an empty text."""
        process, peak, done = psutil.Process(), [0], threading.Event()

        def watch():
            while not done.wait(0.01):
                peak[0] = max(peak[0], process.memory_info().rss)

        before, start = process.memory_info().rss, time.perf_counter()
        watcher = threading.Thread(target=watch)
        watcher.start()
        _, out, err, trace = called(words)
        done.set()
        watcher.join()
        if self.owned.exists():
            self.owned.unlink()
            return "has run foreign code"
        if self._files() != self.files:
            self.files = self._files()
            return "has written elsewhere"
        if SECRET in out + err:
            return "has shown a foreign file"
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", out + err):
            return f"has put control characters on the terminal: {(out + err)[-300:]!r}"
        if trace:
            return f"has ended in a traceback: {trace[:200]}"
        if peak[0] - before > GIGABYTES * 1e9:
            return f"has taken {(peak[0] - before) / 1e9:.1f} GB"
        return "" if time.perf_counter() - start < 60 else "has taken more than a minute"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of the names of the attacks to try")
    parser.add_argument("--list", action="store_true", help="only print the names")
    given = parser.parse_args()
    keras.config.disable_interactive_logging()
    tried = through = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "inner" / "folder"
        elsewhere, owned = Path(name) / "elsewhere" / "secret", Path(name) / "owned"
        for part in (folder, elsewhere.parent):
            part.mkdir(parents=True)
        elsewhere.write_text(SECRET)
        os.environ["KERAS_GEN_CACHE"] = str(folder / "cache")
        os.chdir(folder)
        settings = runs.Settings("vae", epochs=1, batch_size=500, options={"doctor": False, "width": 0.1})
        runs.train(settings, folder / "good" / "vae", verbose=0)
        for name, words in [*attacks(folder, folder / "good", owned, elsewhere)]:
            if given.only not in name:
                continue
            tried += 1
            if given.list:
                print(name)
                continue
            watched = Watched(folder, owned, elsewhere)
            if broken := watched.broken_by(words):
                through += 1
                print(f"{name}: {broken}", flush=True)
            for path in Path().glob("new*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        os.chdir("/")
    print(f"{through} of {tried} attacks got through")


if __name__ == "__main__":
    main()

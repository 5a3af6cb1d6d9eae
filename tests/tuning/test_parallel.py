import concurrent.futures
import contextlib
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import grpc
import keras
import keras_tuner
import numpy as np
import psutil
import pytest
from keras_tuner.src.distribute.oracle_client import OracleClient

from keras_gen import tuning
from keras_gen.tuning import parallel
from keras_gen.tuning.tuners import tuner_of
from tests.kills import Kill

ROOT = Path(__file__).parents[2]
SMALL = {"epochs": 1, "batch_size": 32, "units": (6,), "tuner": "grid", "verbose": 0}
RANGES = [tuning.Range("latent_dim", choices=[2, 3])]


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def trained(notes):
    """The processes of the trainings that began, one for each."""
    return [path.name.partition("-")[2] for path in notes.glob("*")]


def test_workers_find_what_one_process_finds_also_if_one_is_killed(digits, tmp_path, notes, capsys):
    whole = tuning.search(digits, RANGES, tmp_path / "whole", trials=2, **SMALL)
    options = {"trials": 2, "workers": 2, "callbacks": [Kill(str(notes))], **SMALL, "verbose": 1}
    found = tuning.search(digits, RANGES, tmp_path / "s", **options)
    assert len(trained(notes)) == 3 and str(os.getpid()) not in trained(notes)
    assert len(re.findall(r"^Trial [12]/2 runs again: it was interrupted$", capsys.readouterr().out, re.M)) == 1
    assert [row["latent_dim"] for row in found.rows] == [2, 3] and found.best == whole.best
    errors, expected = ([row["error"] for row in result.rows] for result in (found, whole))
    assert errors == pytest.approx(expected, rel=1e-3)
    error = np.square(digits[::5] - found.model().reconstruct(digits[::5])).reshape(6, -1).sum(axis=1).mean()
    assert error == pytest.approx(min(errors), rel=1e-3), "the best model of all processes is kept"
    assert not list((tmp_path / "s").rglob(".*unfinished*"))


def test_a_killed_search_of_workers_goes_on_without_losing_or_repeating_a_trial(digits, tmp_path, notes):
    first = tuning.search(digits, RANGES, tmp_path / "s", trials=1, **SMALL)
    np.save(tmp_path / "x.npy", digits)
    program = (
        "import numpy as np\nfrom keras_gen import tuning\nfrom tests.kills import Kill\n"
        f"x, kill = np.load({str(tmp_path / 'x.npy')!r}), Kill({str(notes)!r}, parent=True)\n"
        f"ranges, options = [tuning.Range('latent_dim', choices=[2, 3])], {SMALL}\n"
        f"tuning.search(x, ranges, {str(tmp_path / 's')!r}, trials=2, workers=2, callbacks=[kill], **options)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, stderr=subprocess.DEVNULL)
    assert done.returncode == -signal.SIGKILL
    (worker,) = trained(notes)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(worker)).wait()  # the worker of a killed search ends, too
    found = tuning.search(digits, RANGES, tmp_path / "s", trials=2, callbacks=[Kill(str(notes))], **SMALL)
    assert trained(notes).count(str(os.getpid())) == 1, "the trial that had not ended, alone"
    assert [row["status"] for row in found.rows] == ["completed"] * 2 and found.rows[0] == first.rows[0]
    assert [row["latent_dim"] for row in found.rows] == [2, 3]


class FakeOracle(SimpleNamespace):
    """What `run_workers` needs of an oracle whose workers are programs of these tests."""

    def __init__(self):
        done = {"create_trial": print, "update_trial": print, "end_trial": print}
        super().__init__(remaining_trials=lambda: 5, _retry_queue=[], **done)


def run(monkeypatch, tmp_path, program, **arguments):
    monkeypatch.setattr(parallel, "_PROGRAM", program)
    parallel.run_workers(FakeOracle(), {"callbacks": (), **arguments}, 2, tmp_path)


def test_a_worker_is_not_started_again_for_ever(monkeypatch, tmp_path):
    kill = f"import os; open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w'); os.kill(os.getpid(), 9)"
    with pytest.raises(ChildProcessError, match="was killed 4 times, the last time by signal 9. Expected: .* memory"):
        run(monkeypatch, tmp_path, kill)
    assert 4 <= len(list(tmp_path.glob("*"))) <= 8


def test_what_a_worker_raises_is_raised(monkeypatch, tmp_path):
    for error, kind in ((OSError(28, "No space left", "a.h5"), OSError), ("ValueError: x", ChildProcessError)):
        content = pickle.dumps(error)
        program = f"import sys; sys.stdout.buffer.write({content!r}); sys.stdout.flush(); sys.exit(1)"
        with pytest.raises(kind, match="a.h5" if kind is OSError else "Worker . of the search failed: ValueError: x"):
            run(monkeypatch, tmp_path, program)
    with pytest.raises(ChildProcessError, match="ended with code 3. The search can be continued"):
        run(monkeypatch, tmp_path, "import sys; sys.exit(3)")


def test_an_interrupt_ends_all_workers(monkeypatch, tmp_path):
    started, popen = [], subprocess.Popen

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        subprocess, "Popen", lambda *args, **options: started.append(popen(*args, **options)) or started[-1]
    )
    monkeypatch.setattr(concurrent.futures, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, tmp_path, "import sys; sys.stdin.read()")
    assert all(process.returncode == -signal.SIGKILL for process in started) and not list(tmp_path.glob("*"))


class Local(keras.callbacks.Callback):
    """A callback of which workers cannot know."""


def test_callbacks_that_workers_cannot_have(monkeypatch, tmp_path):
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    with pytest.raises(ValueError, match="`callbacks` of workers must be importable. Expected: .* or workers=1"):
        run(monkeypatch, tmp_path, "", callbacks=[schedule])
    monkeypatch.setattr(Local, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Local", Local, raising=False)
    with pytest.raises(ValueError, match="must be importable"):
        run(monkeypatch, tmp_path, "", callbacks=[Local()])


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_chief_hands_out_trials_until_its_workers_know_that_there_are_no_more(monkeypatch, tmp_path, capsys):
    for name, value in (("TUNER_ID", "chief"), ("ORACLE_IP", "127.0.0.1"), ("ORACLE_PORT", str(free_port()))):
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    assert parallel.role() == "chief"
    hp = keras_tuner.HyperParameters()
    hp.Choice("a", [1, 2, 3])
    objective = keras_tuner.Objective("error", "min")
    oracle = keras_tuner.oracles.GridSearchOracle(objective=objective, max_trials=2, hyperparameters=hp)
    oracle._set_project_dir(str(tmp_path), "tuner")
    oracle.verbose = 0
    chief = threading.Thread(target=parallel.run_chief, args=(oracle,))
    chief.start()
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker1")
    assert parallel.role() == "worker"
    first, run = OracleClient(oracle).create_trial("worker1"), lambda: None  # a worker that is killed
    capsys.readouterr()
    for verbose in (1, 0):
        parallel.run_worker(run, tmp_path, 2, verbose)
    assert capsys.readouterr().out == "Trial 1/2 runs again: it was interrupted\n" and first.trial_id == "0"
    client, values = OracleClient(oracle), []
    while (trial := client.create_trial("worker1")).status != "STOPPED":
        values.append(trial.hyperparameters.get("a"))
        client.update_trial(trial.trial_id, {"error": 1.0})
        trial.status = "COMPLETED"
        client.end_trial(trial)
    chief.join()
    assert values == [1, 2] and len(oracle.trials) == 2


def test_an_error_of_the_chief_ends_it(monkeypatch, tmp_path):
    for name, value in (("TUNER_ID", "chief"), ("ORACLE_IP", "127.0.0.1"), ("ORACLE_PORT", str(free_port()))):
        monkeypatch.setenv(f"KERASTUNER_{name}", value)

    def full(tuner_id):
        raise OSError(28, "No space left on device", "trials.csv")

    oracle = FakeOracle()
    oracle.create_trial, failures = full, []

    def run_chief():
        try:
            parallel.run_chief(oracle)
        except OSError as error:
            failures.append(error.filename)

    chief = threading.Thread(target=run_chief)
    chief.start()
    message = "cannot be reached. Expected: one that runs.* Received: .*No space left"
    with pytest.raises(ConnectionError, match=message), parallel.connected():
        OracleClient(oracle).create_trial("worker1")
    chief.join()
    assert failures == ["trials.csv"]


def test_a_trial_that_cannot_be_reported_is_not_a_failed_one(monkeypatch, tmp_path):
    for name, value in (("TUNER_ID", "worker1"), ("ORACLE_IP", "127.0.0.1"), ("ORACLE_PORT", str(free_port()))):
        monkeypatch.setenv(f"KERASTUNER_{name}", value)

    class Lost(grpc.RpcError):
        def details(self):
            return "connection reset"

    class Model(keras_tuner.HyperModel):
        def build(self, hp):
            return hp.Choice("a", [1, 2])

    objective = keras_tuner.Objective("error", "min")
    tuner, _ = tuner_of("grid", Model(), tmp_path, 2, 1, objective=objective, seed=1)
    monkeypatch.setattr(tuner, "run_trial", lambda trial: {"error": 1.0})

    def lost(*_):
        raise Lost

    monkeypatch.setattr(tuner.oracle, "get_trial", lost)
    with pytest.raises(keras_tuner.errors.FatalError, match="Received: connection reset"):
        tuner._try_run_and_update_trial(SimpleNamespace(trial_id="0"))


def test_a_worker_waits_for_the_folder_of_its_chief(monkeypatch, tmp_path, capsys):
    path, pauses = tmp_path / "search.json", []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            path.touch()

    monkeypatch.setattr(parallel.time, "sleep", pause)
    parallel.wait_for_chief(path)
    assert len(pauses) == 3
    assert capsys.readouterr().out == f"Waiting for the chief of the search, which writes '{path}'\n"
    parallel.wait_for_chief(path, seconds=0)
    assert capsys.readouterr().out == "", "there is nothing to wait for"
    message = f"has not begun. Expected: '{tmp_path}/other' of a chief .* Received: no such file in 0 seconds"
    with pytest.raises(ConnectionError, match=message):
        parallel.wait_for_chief(tmp_path / "other", seconds=0)


def test_a_chief_of_a_search_that_has_ended_does_not_wait_for_workers(monkeypatch):
    monkeypatch.setattr(parallel, "_serving", None)
    oracle = FakeOracle()
    oracle.remaining_trials = lambda: -1
    parallel.run_chief(oracle)


def test_a_worker_that_comes_after_the_end_is_not_kept_waiting(tmp_path):
    class Gone(grpc.RpcError):
        def details(self):
            return "no chief"

    def asked():
        raise Gone

    with pytest.raises(ConnectionError, match="no chief"):
        parallel.run_worker(asked, tmp_path, trials=2)
    with parallel.noted_end(tmp_path, trials=2):
        pass
    parallel.run_worker(asked, tmp_path, trials=2)
    with pytest.raises(ConnectionError, match="no chief"):
        parallel.run_worker(asked, tmp_path, trials=3)  # of a search that is to be continued

    def ended():
        with parallel.noted_end(tmp_path, trials=3):
            pass
        raise Gone

    parallel.run_worker(ended, tmp_path, trials=3)
    with contextlib.suppress(KeyboardInterrupt), parallel.noted_end(tmp_path, trials=3):
        raise KeyboardInterrupt
    with pytest.raises(ConnectionError, match="no chief"):
        parallel.run_worker(asked, tmp_path, trials=3)


def test_a_worker_waits_a_minute_for_an_answer(monkeypatch):
    for name, value in (("TUNER_ID", "worker1"), ("ORACLE_IP", "127.0.0.1"), ("ORACLE_PORT", "1")):
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    client, waits = OracleClient(FakeOracle()), []

    class Late(grpc.RpcError):
        def details(self):
            return "deadline exceeded"

    def asked(*_, timeout, **__):
        waits.append(timeout)
        raise Late

    client.stub = SimpleNamespace(CreateTrial=asked)
    for block in (parallel.connected(), contextlib.nullcontext()):
        with pytest.raises((ConnectionError, Late)), block:
            client.create_trial("worker1")
    assert waits == [60, 3600], "KerasTuner's own time comes back"


def test_environment_variables_go_together(monkeypatch):
    assert parallel.role() is None
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    with pytest.raises(
        ValueError, match="go together. Expected: .* Received: KERASTUNER_TUNER_ID and KERASTUNER_ORACLE_IP"
    ):
        parallel.role()

"""Trials at the same time: a chief that hands them out, and workers that run them, of KerasTuner."""

import concurrent.futures
import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time

from keras_gen import backend
from keras_gen.files import WORK, atomic_write
from keras_gen.tuning.progress import report_again
from keras_gen.tuning.storage import PROJECT

_ID, _HOST, _PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
_RESTARTS = 3  # of each worker: what ends it again and again is no accident
_PAUSE = 0.5  # seconds between two looks for the chief's file
_WAIT, _ANSWER = 600, 60  # seconds that a worker waits for this file, and for an answer; KerasTuner's waits an hour
_ENDED = "ended.json"
_PROGRAM = (
    "from keras_gen.quiet import quiet_start\nwith quiet_start():\n    from keras_gen.tuning.worker import main\nmain()"
)


def role():
    """What KerasTuner's environment variables make of this process: `"chief"`, `"worker"` or, without them, `None`."""
    given = [name for name in (_ID, _HOST, _PORT) if os.environ.get(name)]
    if len(given) in (1, 2):
        raise ValueError(
            f"The environment variables of a search on several machines go together. Expected: {_ID}, {_HOST} and "
            f"{_PORT}. Received: {' and '.join(given)}"
        )
    return None if not given else "chief" if "chief" in os.environ[_ID] else "worker"


def wait_for_chief(path, seconds=_WAIT):
    """Wait until the chief has written the file that marks the folder of a search; a `ConnectionError` if it has not.

    Args:
        path: The file.
        seconds: How long it is waited for. Defaults to ten minutes.
    """
    if path.exists():
        return
    print(f"Waiting for the chief of the search, which writes '{path}'", flush=True)
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() >= end:
            raise ConnectionError(
                f"The chief of the search has not begun. Expected: '{path}' of a chief that runs, in a folder that "
                f"both share. Received: no such file in {seconds} seconds"
            )
        time.sleep(_PAUSE)


@contextlib.contextmanager
def noted_end(folder, trials):
    """Note in the folder of a search that the trials of the block have ended, for workers that come after the chief."""
    (folder / PROJECT / _ENDED).unlink(missing_ok=True)
    yield
    with atomic_write(folder / PROJECT / _ENDED) as path:
        path.write_text(json.dumps({"trials": trials}))


def run_worker(run, folder, trials, verbose=0):
    """Call `run`, which runs trials that a chief hands out, unless it is noted that all have ended.

    A line says so, if `verbose`, when the chief still waits for a trial of this worker: it has been started again.
    """
    path, state = folder / PROJECT / _ENDED, folder / PROJECT / "oracle.json"

    def has_ended():  # a search may be continued with more trials
        return path.exists() and json.loads(path.read_text())["trials"] >= trials

    if has_ended():
        return
    if verbose and state.exists():
        trial_id = json.loads(state.read_text())["ongoing_trials"].get(os.environ[_ID])
        if trial_id is not None:
            report_again(trial_id, trials)
    try:
        with connected():
            run()
    except ConnectionError:
        if not has_ended():
            raise


@contextlib.contextmanager
def connected():
    """Within the block, of a worker, a call that the chief does not answer within a minute is a `ConnectionError`."""
    import grpc
    from keras_tuner.src.distribute import oracle_client

    usual, oracle_client.TIMEOUT = oracle_client.TIMEOUT, _ANSWER
    try:
        yield
    except grpc.RpcError as error:
        raise ConnectionError(
            f"The chief of the search cannot be reached. Expected: one that runs; then start this worker again. "
            f"Received: {error.details()}"
        ) from None
    finally:
        oracle_client.TIMEOUT = usual


def _left(oracle):
    """The number of trials that are to be run, again or for the first time."""
    return max(0, oracle.remaining_trials()) + len(oracle._retry_queue)


def run_chief(oracle):
    """Hand out the trials of an oracle to the workers of this and other machines, until none asks for another."""
    if not _left(oracle):
        return
    with _serving(oracle, f"{os.environ[_HOST]}:{os.environ[_PORT]}") as served:
        served.ended.wait()


def run_workers(oracle, arguments, number, folder):
    """Hand out the trials of an oracle to processes of this machine, until all trials have ended.

    Args:
        oracle: The `keras_tuner.Oracle`.
        arguments: Dict of the arguments of `search`, with which each process calls it.
        number: Number of processes.
        folder: The search's folder.

    Raises:
        ChildProcessError: If a worker was killed more often than it is started again.
        OSError, ValueError: What a worker raised.
    """
    left = _left(oracle)
    if not left:
        return
    work = folder / WORK
    try:
        work.write_bytes(_pickled(arguments))
        with _serving(oracle, "127.0.0.1:0") as served:
            _Workers(min(number, left), work, served).run()
    finally:
        work.unlink(missing_ok=True)


class _Workers:
    """Processes that take part in a search; one that is killed is started again."""

    def __init__(self, number, work, served):
        self.number, self.work, self.served = number, work, served
        self.processes, self.stopping, self.lock = {}, False, threading.Lock()

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(self.number) as pool:
            watches = [pool.submit(self._watch, place + 1) for place in range(self.number)]
            try:
                concurrent.futures.wait(watches, return_when=concurrent.futures.FIRST_EXCEPTION)
            finally:
                self._stop()
        if self.served.errors:  # the reason why the workers failed
            raise self.served.errors[0]
        for watch in watches:
            watch.result()

    def _stop(self):
        with self.lock:
            self.stopping = True
            for process in self.processes.values():
                process.kill()

    def _watch(self, place):
        """Wait for the end of a worker, and start it again if it was killed."""
        for _ in range(_RESTARTS + 1):
            with self.lock:
                if self.stopping:
                    return
                process = self.processes[place] = self._started(place)
            with process:
                found = process.stdout.read()
                process.wait()  # before its standard input is closed, which would end it
            if process.returncode == 0 or self.stopping:
                return
            if process.returncode > 0:
                raise _error_of(found, place, process.returncode)
        raise ChildProcessError(
            f"Worker {place} of the search was killed {_RESTARTS + 1} times, the last time by signal "
            f"{-process.returncode}. Expected: enough memory for {self.number} workers, or fewer. The search can be "
            "continued"
        )

    def _started(self, place):
        environment = {**os.environ, **backend.environment_of_share(place - 1, self.number)}
        environment |= {_ID: f"worker{place}", _HOST: "127.0.0.1", _PORT: str(self.served.port)}
        environment["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        command = [sys.executable, "-P", "-c", _PROGRAM, str(self.work)]
        pipe = subprocess.PIPE  # the worker ends when its standard input does, as when this process is killed
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, start_new_session=True)


def _error_of(found, place, code):
    """What a worker raised, as it wrote it to its standard output."""
    with contextlib.suppress(Exception):
        error = pickle.loads(found)
        if isinstance(error, (OSError, ValueError)):
            return error
        return ChildProcessError(f"Worker {place} of the search failed: {error}")
    return ChildProcessError(f"Worker {place} of the search ended with code {code}. The search can be continued")


def _pickled(arguments):
    try:
        content = pickle.dumps(arguments)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _not_importable(error) from None
    if any(type(callback).__module__ == "__main__" for callback in arguments["callbacks"]):
        raise _not_importable("a class of the main program")
    return content


def _not_importable(reason):
    return ValueError(
        "`callbacks` of workers must be importable. Expected: classes and functions of a module, or workers=1. "
        f"Received: {reason}"
    )


class _Served:
    """An oracle behind a port: what went wrong in it, and whether all workers know that there are no more trials."""

    def __init__(self, oracle):
        self.errors, self.ended, self.port = [], threading.Event(), None
        for name in ("create_trial", "update_trial", "end_trial"):
            setattr(oracle, name, self._recorded(getattr(oracle, name), oracle))

    def _recorded(self, function, oracle):
        def call(*arguments, **options):
            try:
                found = function(*arguments, **options)
            except Exception as error:  # which gRPC would only describe to the worker
                self.errors.append(error.__cause__ if isinstance(error.__cause__, OSError) else error)
                self.ended.set()
                raise
            if found is not None and found.status == "STOPPED" and not (oracle.ongoing_trials or oracle.tuner_ids):
                self.ended.set()
            return found

        return call


@contextlib.contextmanager
def _serving(oracle, address):
    """Let workers call an oracle at an address, whose port 0 stands for a free one; an error in it is raised."""
    import grpc
    from keras_tuner.src import protos  # here, as KerasTuner does it: versions of protobuf may disagree
    from keras_tuner.src.distribute.oracle_chief import OracleServicer

    served = _Served(oracle)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=1))
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    try:
        served.port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"The chief of the search cannot listen at {address}: {error}") from None
    server.start()
    try:
        yield served
    finally:
        server.stop(grace=1).wait()
    if served.errors:
        raise served.errors[0]

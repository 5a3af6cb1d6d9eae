"""Training on several devices and machines: the strategy, the addresses of the workers, and what all of them do."""

import contextlib
import functools
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time

import tensorflow as tf

STRATEGIES = ("mirrored", "multiworker")
_JOBS = ("chief", "worker")
_PATIENCE = 60  # seconds in which all workers must have begun
_TASKS_PER_NODE = 2**16  # more than any node has
_FIRST_PORT, _SLURM_JOBS, _PORTS_OF_A_JOB = 10_000, 3000, 16  # of Slurm jobs
_PLACE = re.compile(r".+:\d{1,5}")
_EXAMPLE = {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}
_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.DeadlineExceededError)


def strategy(name, patience=_PATIENCE):
    """The `tf.distribute.Strategy` of this process, or `None` for `None`.

    Args:
        name: One of `STRATEGIES`: `"mirrored"`, all GPUs of this machine, or its logical processors without one, or
            `"multiworker"`, the workers that `TF_CONFIG` names, or else the tasks of a Slurm step; or `None`.
        patience: Seconds in which all workers must have begun, a number > 0. Defaults to 60.

    Raises:
        ValueError: If there is no cluster, or its description is damaged.
        ConnectionError: If a worker has not begun in time. If one dies while TensorFlow connects them, which may take
            as long again, this process ends with a line on standard error.
    """
    return None if name is None else _strategy(name, patience)


@functools.cache  # a second one would number its reductions as the first one did, which TensorFlow refuses
def _strategy(name, patience):
    if name == "mirrored":
        return tf.distribute.MirroredStrategy([device.name for device in _own_devices()])
    resolver = _resolver()
    others = _await_workers(resolver, patience)
    with _ended_after(
        patience,
        "Error: The workers of the cluster have begun but not connected. Expected: all alive; start all of them again. "
        f"Received: no answer within {patience:g} seconds from one of {', '.join(others)}",
    ):
        return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def device_count(name):
    """Number of devices that share each batch in the `strategy` of that name, before any worker is waited for.

    As TensorFlow does, it takes it that all workers have as many GPUs as this one. A `ValueError` is as of `strategy`.
    """
    if name != "multiworker":
        return 1 if name is None else len(_own_devices())
    jobs = _resolver().cluster_spec().as_dict()
    parts = map(tf.config.get_logical_device_configuration, tf.config.get_visible_devices("GPU"))
    gpus = sum(1 if part is None else len(part) for part in parts)  # a list of devices would end the time to connect
    return max(1, gpus) * sum(map(len, jobs.values()))


def is_chief(strategy):
    """Whether this process is the one that writes files: the only one, or the first worker."""
    return strategy is None or strategy.extended.should_checkpoint


def barrier(strategy):
    """Return when every worker has called it."""
    if strategy is not None:
        one = tf.function(tf.ones, autograph=False)
        strategy.reduce("sum", strategy.run(one, [()]), axis=None).numpy()


def distribute_batches(strategy, dataset_of, steps):
    """The batches of an epoch of `steps` steps for a strategy, of which each worker reads its own share alone.

    `dataset_of(local)` is the `tf.data.Dataset` of a `range` of replicas, which gives the share of each in turn; of
    whole batches for `None`. With one worker it is that of whole batches.
    """
    if strategy is None or not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return dataset_of(None)

    def of_worker(context):
        count = context.num_replicas_in_sync // context.num_input_pipelines
        return dataset_of(range(context.input_pipeline_id * count, (context.input_pipeline_id + 1) * count))

    dataset = strategy.distribute_datasets_from_function(of_worker)
    dataset._cardinality = steps  # it counts each replica's share as a step, and no part of a resumed epoch
    return dataset


def all_workers_agree(strategy, holds):
    """Whether something holds on every worker."""
    if strategy is None:
        return holds
    share = tf.function(lambda: tf.constant(float(holds)), autograph=False)
    return float(strategy.reduce("mean", strategy.run(share), axis=None)) == 1


@contextlib.contextmanager
def lost_workers(strategy):
    """A context in which the loss of a worker is a `ConnectionError`."""
    try:
        yield
    except _LOST as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        cluster = strategy.cluster_resolver
        received = _lost(error.message, cluster.cluster_spec().as_dict(), (cluster.task_type, cluster.task_id))
        raise ConnectionError(
            "A worker of the cluster is lost. Expected: all at work; start all of them again with --resume. "
            f"Received: {received}"
        ) from None


def _lost(message, cluster, own):
    """What an error of TensorFlow says of the workers that are lost, on one line."""
    reason = re.search(r"aborted by: (.*)", message) or re.search(r"([^\s{}].*)", re.sub(r"{{.*?}}", "", message))
    tasks = re.findall(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)", message.partition("unhealthy")[2] or message)
    tasks = {(job, int(index)) for job, index in tasks} - {own}
    places = ((job, index, place) for job, places in cluster.items() for index, place in enumerate(places))
    names = ", ".join(f"{job} {index} at {place}" for job, index, place in places if (job, index) in tasks)
    return f"no answer from {names} ({reason[1]})" if names else reason[1]


def _own_devices():
    """The devices of this machine that the mirrored strategy uses."""
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")


def _resolver():
    """TensorFlow's reader of the cluster's description."""
    if os.environ.get("TF_CONFIG"):
        try:
            resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
            cluster = resolver.cluster_spec().as_dict()
            for job in (*cluster, resolver.task_type):
                if job not in cluster or job not in _JOBS:
                    raise ValueError(f"no job of {' or '.join(_JOBS)}: {job!r}")
            if resolver.task_id not in range(len(cluster[resolver.task_type])):
                raise ValueError(f"no {resolver.task_type} of index {resolver.task_id}")
            places = list(itertools.chain(*cluster.values()))
            for place in places:
                if places.count(place) > 1:
                    raise ValueError(f"{place} twice")
                if not _PLACE.fullmatch(place) or int(place.rpartition(":")[2]) >= 2**16:
                    raise ValueError(f"no host and port: {place!r}")
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                "`TF_CONFIG` does not describe a cluster and this worker's place in it. Expected: such as "
                f"{json.dumps(_EXAMPLE)}. Received: {os.environ['TF_CONFIG']!r} ({error})"
            ) from None
        return resolver
    if "SLURM_PROCID" in os.environ:
        # It gives an address to each share of a node's GPUs, and none without GPUs; the strategy counts them itself
        options = {"gpus_per_node": _TASKS_PER_NODE, "gpus_per_task": 1, "auto_set_gpu": False}
        # Jobs that share a node have different numbers
        options["port_base"] = _FIRST_PORT + int(os.environ.get("SLURM_JOB_ID", 0)) % _SLURM_JOBS * _PORTS_OF_A_JOB
        try:
            slurm = tf.distribute.cluster_resolver.SlurmClusterResolver(**options)
            cluster = slurm.cluster_spec()
        except (RuntimeError, ValueError) as error:
            raise ValueError(
                f"Slurm's variables do not describe a cluster. Expected: a start by `srun`. Received: {error}"
            ) from None
        gpus = {"GPU": len(tf.config.list_physical_devices("GPU"))}
        place = {"task_type": slurm.task_type, "task_id": slurm.task_id}
        return tf.distribute.cluster_resolver.SimpleClusterResolver(cluster, **place, num_accelerators=gpus)
    raise ValueError(
        'The strategy "multiworker" needs a cluster. Expected: TF_CONFIG in the environment, or a Slurm step. '
        "Received: neither"
    )


def _await_workers(resolver, patience):
    """Return the other workers and their addresses when a process listens at each; TensorFlow would wait for an hour.

    Until then this process listens, too: TensorFlow's server begins later.
    """
    cluster, end = resolver.cluster_spec().as_dict(), time.monotonic() + patience
    missing = {f"{job} {index}": place for job, places in cluster.items() for index, place in enumerate(places)}
    own = missing.pop(f"{resolver.task_type} {resolver.task_id}")
    others = [f"{worker} at {place}" for worker, place in missing.items()]
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(socket.create_server(("", int(own.rpartition(":")[2]))))
        except OSError as error:
            raise ConnectionError(
                f"This worker cannot listen at its address. Expected: {own} free. Received: {error.strerror}"
            ) from None
        while missing:
            missing = {worker: place for worker, place in missing.items() if not _answers(place)}
            if missing and time.monotonic() > end:
                raise ConnectionError(
                    f"Workers have not begun. Expected: all of the cluster within {patience:g} seconds. Received: "
                    f"nothing from {', '.join(f'{worker} at {place}' for worker, place in missing.items())}"
                )
            if missing:
                time.sleep(0.1)  # leaves the processor to workers of this machine that begin
    return others


# Another process, because TensorFlow holds the interpreter's lock while it waits, so that no thread of this one can run
_WATCH = """
import os, select, signal, sys
if not select.select([sys.stdin], [], [], float(sys.argv[2]))[0]:
    print(sys.argv[3], file=sys.stderr, flush=True)
    os.kill(int(sys.argv[1]), signal.SIGKILL)
"""


@contextlib.contextmanager
def _ended_after(seconds, message):
    """A block that ends in time; otherwise the message is printed and this process is killed."""
    words = [sys.executable, "-I", "-S", "-c", _WATCH, str(os.getpid()), str(seconds), message]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as watch:
        try:
            yield
        finally:
            watch.stdin.close()  # which ends it


def _answers(place):
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True

import json
import os
import re
import signal
import socket

import pytest
import tensorflow as tf

from keras_gen import backend
from keras_gen.backend import cluster
from tests import contract


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)


def described(*addresses, index=0):
    return json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})


def free_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def test_no_strategy_is_one_device_whose_process_writes():
    assert backend.strategy(None) is None and backend.is_chief(None)
    backend.barrier(None)
    dataset = tf.data.Dataset.range(3)
    assert backend.distribute_batches(None, lambda own: dataset if own is None else None, 3) is dataset


def test_the_mirrored_strategy_has_every_device_of_its_kind():
    strategy = backend.strategy("mirrored")
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    assert strategy.num_replicas_in_sync == len(devices) and backend.is_chief(strategy)
    assert backend.strategy("mirrored") is strategy
    backend.barrier(strategy)


def test_devices_are_counted_before_workers_are_waited_for(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", described("a:1", "b:1", "c:1"))
    assert backend.device_count("multiworker") == 3 * max(1, len(tf.config.list_physical_devices("GPU")))
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [f"{kind}:0", f"{kind}:1"])
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", {"GPU:0": None, "GPU:1": [None] * 3}.get)
    assert backend.device_count("multiworker") == 3 * (1 + 3), "a GPU may be divided"
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: ["a", "b"] if kind == "CPU" else [])
    assert backend.device_count("mirrored") == 2 and backend.device_count(None) == 1


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        (
            "multiworker",
            {},
            "needs a cluster. Expected: TF_CONFIG .*, or a Slurm step. Received: neither",
        ),
        ("multiworker", {"TF_CONFIG": "{"}, "`TF_CONFIG` does not describe a cluster .* Received: '{'"),
        ("multiworker", {"TF_CONFIG": "[]"}, "`TF_CONFIG` does not describe a cluster"),
        ("multiworker", {"TF_CONFIG": "{}"}, "`TF_CONFIG` does not describe a cluster"),
        ("multiworker", {"TF_CONFIG": described("a:1", "b:2", "a:1")}, r"\(a:1 twice\)"),
        (
            "multiworker",
            {"TF_CONFIG": described("a:1")[:-1] + ', "task": {"index": 0}}'},
            "no job of chief or worker: None",
        ),
        ("multiworker", {"TF_CONFIG": '{"cluster": {"ps": ["a:1"]}}'}, "no job of chief or worker: 'ps'"),
        ("multiworker", {"TF_CONFIG": described("a:1", index=1)}, "this worker's place in it. Expected: such as"),
        (
            "multiworker",
            {"SLURM_PROCID": "0"},
            "Slurm's variables .* a start by `srun`. Received: SLURM_STEP",
        ),
        ("multiworker", {"TF_CONFIG": described("a:1", index=-1)}, r"\(no worker of index -1\)"),
        ("multiworker", {"TF_CONFIG": described("10.0.0.1")}, r"\(no host and port: '10.0.0.1'\)"),
        ("multiworker", {"TF_CONFIG": described("a:99999")}, "no host and port: 'a:99999'"),
    ],
)
def test_what_is_no_strategy_is_refused(monkeypatch, name, environment, message):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=message):
        backend.strategy(name)


def test_a_worker_that_does_not_begin_is_named(monkeypatch):
    own, other = free_address(), free_address()
    monkeypatch.setenv("TF_CONFIG", described(own, other))
    with pytest.raises(ConnectionError, match=f"within 0.01 seconds. Received: nothing from worker 1 at {other}"):
        backend.strategy("multiworker", patience=0.01)


def test_workers_that_listen_are_not_waited_for(monkeypatch):
    """Nor is this process, which listens for the others as long as it waits."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        addresses = free_address(), f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("TF_CONFIG", described(*addresses))
        heard = []
        monkeypatch.setattr(
            cluster, "_answers", lambda place: heard.append(_connects(addresses[0])) or _connects(place)
        )
        cluster._await_workers(cluster._resolver(), patience=0.01)
    assert heard == [True] and not _connects(addresses[0])


def _begins(description, errors):
    with open(errors, "w") as file:
        os.dup2(file.fileno(), 2)
    os.environ["TF_CONFIG"] = description
    backend.strategy("multiworker", patience=1)


@pytest.mark.parametrize("index", [0, 1])
def test_a_worker_that_dies_while_all_connect_ends_the_others(index, tmp_path):
    """What listens at the other address is no worker any more: TensorFlow waits for it, and no thread can run."""
    with socket.create_server(("127.0.0.1", 0)) as dead:
        addresses = [free_address(), f"127.0.0.1:{dead.getsockname()[1]}"]
        addresses = addresses if index == 0 else addresses[::-1]
        arguments = described(*addresses, index=index), tmp_path / "errors"
        worker = contract.FRESH.Process(target=_begins, args=arguments)
        worker.start()
        worker.join(300)
        worker.kill()
    assert worker.exitcode == -signal.SIGKILL
    message = f"start all of them again. Received: no answer within 1 seconds from one of worker {1 - index} at 127"
    assert message in (tmp_path / "errors").read_text()


def test_a_taken_address_is_named(monkeypatch):
    with socket.create_server(("", 0)) as other:
        own = f"127.0.0.1:{other.getsockname()[1]}"
        monkeypatch.setenv("TF_CONFIG", described(own, free_address()))
        with pytest.raises(ConnectionError, match=f"cannot listen at its address. Expected: {own} free. Received: Add"):
            backend.strategy("multiworker", patience=0.01)


def test_what_holds_everywhere():
    strategy = backend.strategy("mirrored")
    for holds in (True, False):
        assert backend.all_workers_agree(None, holds) == backend.all_workers_agree(strategy, holds) == holds


def _connects(address):
    host, port = address.split(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


def test_the_tasks_of_a_slurm_step_are_workers(monkeypatch):
    step = {
        "JOB_ID": "3002",
        "PROCID": "1",
        "STEP_NUM_TASKS": "3",
        "STEP_NODELIST": "n[1-2]",
        "STEP_TASKS_PER_NODE": "2,1",
    }
    for name, value in step.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    resolver = cluster._resolver()
    assert resolver.cluster_spec().as_dict() == {"worker": ["n1:10032", "n1:10033", "n2:10032"]}
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)
    assert resolver.num_accelerators() == {"GPU": len(tf.config.list_physical_devices("GPU"))}


CONNECTION = """Graph execution error:

Collective ops is aborted by: recvmsg:Connection reset by peer
Additional GRPC error information from remote target /job:worker/replica:0/task:0 while calling /tensorflow.Worker:
:UNKNOWN:Error received from peer  {grpc_message:"recvmsg:Connection reset by peer", grpc_status:14}"""
HEARTBEAT = """Collective ops is aborted by: Error reported from /job:worker/task:0: The following tasks are unhealthy:
/job:worker/replica:0/task:2
/job:chief/replica:0/task:0
The tasks have crashed."""
LOST = {
    CONNECTION: "no answer from worker 0 at b:1 (recvmsg:Connection reset by peer)",
    HEARTBEAT: "no answer from chief 0 at a:1, worker 2 at b:3 (Error reported from /job:worker/task:0: The following "
    "tasks are unhealthy:)",
    "\n{{function_node a}} Socket closed\nmore": "Socket closed",
    "aborted by: Op at /job:localhost/replica:0/task:0 failed": "Op at /job:localhost/replica:0/task:0 failed",
}


@pytest.mark.parametrize("message", LOST)
def test_the_workers_that_are_lost_are_named(message):
    places = {"chief": ["a:1"], "worker": ["b:1", "b:2", "b:3"]}
    assert cluster._lost(message, places, ("worker", 1)) == LOST[message]


def test_the_loss_of_a_worker_is_an_error_of_connection(monkeypatch):
    lost = tf.errors.UnavailableError(None, None, "{{function_node a}} Collective ops is aborted")
    strategy = tf.distribute.MultiWorkerMirroredStrategy.__new__(tf.distribute.MultiWorkerMirroredStrategy)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(tf.train.ClusterSpec({"worker": ["a:1"]}))
    monkeypatch.setattr(type(strategy), "cluster_resolver", resolver)
    message = "start all of them again with --resume. Received: Collective ops"
    with pytest.raises(ConnectionError, match=message), backend.lost_workers(strategy):
        raise lost
    for other, error in ((None, lost), (strategy, ValueError("no worker"))):
        with pytest.raises(type(error), match=re.escape(str(error))), backend.lost_workers(other):
            raise error

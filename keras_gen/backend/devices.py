"""Devices, and the replicas of a distribution strategy."""

import os
from pathlib import Path

import tensorflow as tf

_AMPERE = (8, 0)  # the first of NVIDIA's architectures that multiplies bfloat16 numbers
_PROCESSOR, _UNITS = Path("/proc/cpuinfo"), {"amx_bf16", "avx512_bf16"}


def on_cpu():
    """Whether the processor is the only device."""
    return all(device.device_type == "CPU" for device in tf.config.get_visible_devices())


def has_bfloat16():
    """Whether all GPUs, or without one the processor (x86), have units for products of bfloat16 numbers."""
    if gpus := tf.config.get_visible_devices("GPU"):
        facts = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return all(fact.get("compute_capability", (0, 0)) >= _AMPERE for fact in facts)
    try:
        flags = _PROCESSOR.read_text().partition("flags")[2].partition("\n")[0].split()
    except OSError:  # not Linux
        return False
    return not _UNITS.isdisjoint(flags)


def environment_of_share(place, processes):
    """Environment variables for one of several processes of a machine: its share of the cores and of the GPUs.

    If there are more processes than GPUs, several share one, and take its memory by need. Values that the user has set
    are kept. `place` counts the processes from 0.
    """
    threads = str(max(1, len(os.sched_getaffinity(0)) // processes if hasattr(os, "sched_getaffinity") else 1))
    limits = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), threads)
    limits["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    if gpus := len(tf.config.list_physical_devices("GPU")):
        limits["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(place % gpus, gpus, processes)))
    return {name: value for name, value in limits.items() if name not in os.environ}


def has_strategy():
    """Whether a distribution strategy is in scope."""
    return tf.distribute.has_strategy()


def replica_count():
    """Number of replicas that run a step at the same time; 1 without a distribution strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Index of the replica that runs this line, from 0; 0 without a distribution strategy."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def shares():
    """Number of replicas among which the batch of this line is shared; 1 where no replica runs it."""
    return 1 if tf.distribute.get_replica_context() is None else replica_count()


def gatherable(logs):
    """Logs in a form that every distribution strategy can gather: several workers refuse scalars."""
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, (1,)) for name, value in logs.items()}
    return logs

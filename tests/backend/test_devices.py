import os

import pytest
import tensorflow as tf

from keras_gen import backend
from keras_gen.backend import devices


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("fpu avx512f amx_bf16 amx_tile", True),
        ("fpu avx512_bf16", True),
        ("fpu avx512f avx512_fp16", False),
        ("", False),
    ],
)
def test_a_processor_states_its_units_for_bfloat16(monkeypatch, tmp_path, flags, has):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: amx_bf16\n")
    monkeypatch.setattr(devices, "_PROCESSOR", file)
    assert backend.has_bfloat16() == has


def test_an_unknown_processor_has_none(monkeypatch, tmp_path):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    monkeypatch.setattr(devices, "_PROCESSOR", tmp_path / "missing")
    assert not backend.has_bfloat16()


@pytest.mark.parametrize(
    ("capabilities", "has"), [([(8, 0), (9, 0)], True), ([(8, 6), (7, 5)], False), ([None], False)]
)
def test_gpus_count_by_their_architecture(monkeypatch, capabilities, has):
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: capabilities)
    details = lambda gpu: {} if gpu is None else {"compute_capability": gpu}  # noqa: E731
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details)
    assert backend.has_bfloat16() == has


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name in ("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    for processes, threads in ((1, "8"), (3, "2"), (99, "1")):
        share = backend.environment_of_share(0, processes)
        assert share["TF_NUM_INTRAOP_THREADS"] == share["TF_NUM_INTEROP_THREADS"] == threads
        assert "OMP_NUM_THREADS" not in share, "what the user has set is kept"


@pytest.mark.parametrize(
    ("gpus", "processes", "shares"),
    [
        (4, 4, ["0", "1", "2", "3"]),
        (2, 5, ["0", "1", "0", "1", "0"]),
        (5, 2, ["0,2,4", "1,3"]),
        (3, 1, ["0,1,2"]),
        (0, 2, [None, None]),
    ],
)
def test_processes_share_the_gpus(monkeypatch, gpus, processes, shares):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind] * gpus)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    found = [backend.environment_of_share(place, processes) for place in range(processes)]
    assert [share.get("CUDA_VISIBLE_DEVICES") for share in found] == shares
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert "CUDA_VISIBLE_DEVICES" not in backend.environment_of_share(0, processes), "what the user has set is kept"

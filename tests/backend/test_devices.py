import os

from keras_gen import backend


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name in ("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    for processes, threads in ((1, "8"), (3, "2"), (99, "1")):
        share = backend.environment_of_share(processes)
        assert share["TF_NUM_INTRAOP_THREADS"] == share["TF_NUM_INTEROP_THREADS"] == threads
        assert "OMP_NUM_THREADS" not in share, "what the user has set is kept"

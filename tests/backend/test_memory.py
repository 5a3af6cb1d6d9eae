import contextlib

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.eager import context

from keras_gen import backend
from keras_gen.backend import execution
from keras_gen.backend.memory import ShortTraces, unoptimized


def _optimizer_is_off():
    config = config_pb2.ConfigProto.FromString(context.context().function_call_options.config_proto_serialized)
    return config.graph_options.rewrite_options.disable_meta_optimizer


def test_the_graph_optimizer_is_left_out_within_the_context_alone():
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    with contextlib.suppress(RuntimeError), unoptimized():
        assert _optimizer_is_off()
        raise RuntimeError
    assert not _optimizer_is_off()


def test_short_traces_hold_no_lines_of_keras_and_tensorflow():
    def files():
        with tf.Graph().as_default():
            return {frame.filename for frame in tf.reshape(tf.zeros(4), (2, 2)).op.traceback}

    everything = files()
    with ShortTraces():
        kept = files()
    assert kept and any("/tensorflow/" in name for name in everything)
    assert not any("/tensorflow/" in name or "/keras/" in name for name in kept)


@pytest.mark.compiled
def test_fused_steps_are_traced_and_run_with_both(monkeypatch):
    used = []

    @contextlib.contextmanager
    def noting(name):
        used.append(name)
        yield

    monkeypatch.setattr(execution, "unoptimized", lambda: noting("unoptimized"))
    monkeypatch.setattr(execution, "ShortTraces", lambda: noting("short traces"))
    total = tf.Variable(0.0)
    run = backend.fuse_steps(lambda batch: total.assign_add(tf.reduce_sum(batch)), lambda: {}, 2, None)
    run(iter(tf.data.Dataset.from_tensors(tf.ones((2, 1)))))
    assert float(total) == 2 and set(used) == {"unoptimized", "short traces"}

"""Freeing what TensorFlow would keep of graphs and models that are no longer used."""

import collections
import contextlib
import sys

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.util import tf_stack

_KERNELS_AFTER = 8  # trained models, each of which leaves about 2 MB
_trained = 0
_last_iterators = collections.deque(maxlen=4)


@contextlib.contextmanager
def own_gradients():
    """A context for the tracing of a step that computes all of its gradients itself.

    For each use of a function with a gradient of its own, such as SiLU's, TensorFlow keeps an entry of its registry,
    and with it the whole graph, for as long as the process lives. Those of the traced graph are removed at the end.
    """
    try:
        yield
    finally:
        if not tf.executing_eagerly():
            used = (op for op in tf.compat.v1.get_default_graph().get_operations() if op.type == "IdentityN")
            for op in used:
                with contextlib.suppress(ValueError):  # without the attribute, it is an identity and no more
                    ops.gradient_registry._registry.pop(op.get_attr("_gradient_op_type").decode(), None)


@contextlib.contextmanager
def unoptimized():
    """A context in which compiled functions are executed without TensorFlow's graph optimizer.

    It makes a second copy of the whole function, which is never freed, and from which XLA does not gain.
    """
    current = context.context()
    before = current.function_call_options
    config = config_pb2.ConfigProto.FromString(before.config_proto_serialized)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    current.function_call_options = context.FunctionCallOptions(before.executor_type, config)
    try:
        yield
    finally:
        current.function_call_options = before


class ShortTraces(tf_stack.StackTraceFilter):
    """A context for tracing, in which operations note no lines of Keras's and TensorFlow's own code.

    XLA keeps the lines that led to each operation, which takes more memory than the program itself. Some lines of other
    code must remain, as in all steps of the library: TensorFlow crashes on an operation without any.
    """

    def get_filtered_filenames(self):
        modules = [
            module for name, module in list(sys.modules.items()) if name.split(".")[0] in ("keras", "tensorflow")
        ]
        return {module.__file__ for module in modules if getattr(module, "__file__", None)}


def free_kernels_sometimes():
    """Free what TensorFlow has made for the operations of earlier models, in every few of the calls.

    To be called when a training is prepared: the models in use then have to make theirs again.
    """
    global _trained
    _trained += 1
    if _trained % _KERNELS_AFTER == 0:
        context.context().clear_kernel_cache()


def keep_iterator(iterator):
    """Keep an iterator of a `tf.data.Dataset` until four others have been kept after it.

    To be called for one whose batches Python functions read. Destroying it waits for them; if a training breaks off, it
    is garbage while they still read ahead, and if one of them came to collect it, it would wait for itself forever. Its
    autotuning must be off: the longer an iterator that tunes itself has lived, the longer its end takes.
    """
    if not any(iterator is one for one in _last_iterators):
        _last_iterators.append(iterator)

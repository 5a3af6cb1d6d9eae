"""What `keras.ops` does not offer: gradients, random draws, devices and replicas, fused kernels and training steps.

With `keras_gen.data` this is the only place that names TensorFlow; another Keras backend would be added here.
"""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "keras_gen runs on Keras's TensorFlow backend. Expected: KERAS_BACKEND=tensorflow. "
        f"Received: KERAS_BACKEND={keras.backend.backend()}"
    )

from keras_gen.backend.cluster import (
    all_workers_agree,
    barrier,
    device_count,
    distribute_batches,
    is_chief,
    lost_workers,
    strategy,
)
from keras_gen.backend.devices import (
    environment_of_share,
    gatherable,
    has_bfloat16,
    has_strategy,
    on_cpu,
    replica_count,
    replica_id,
)
from keras_gen.backend.execution import after, compiled, fuse_steps
from keras_gen.backend.gradients import (
    batch_jacobian,
    exact_bias_gradients,
    input_gradient,
    value_and_few_slopes,
    value_and_grad,
    vjp,
    with_gradient,
)
from keras_gen.backend.kernels import instance_normalized, narrow_convolution, sum_rows
from keras_gen.backend.memory import free_kernels_sometimes, keep_iterator, own_gradients
from keras_gen.backend.random import normal, under_xla, uniform

__all__ = [
    "after",
    "all_workers_agree",
    "barrier",
    "batch_jacobian",
    "compiled",
    "device_count",
    "distribute_batches",
    "environment_of_share",
    "exact_bias_gradients",
    "free_kernels_sometimes",
    "fuse_steps",
    "gatherable",
    "has_bfloat16",
    "has_strategy",
    "input_gradient",
    "instance_normalized",
    "is_chief",
    "keep_iterator",
    "lost_workers",
    "narrow_convolution",
    "normal",
    "on_cpu",
    "own_gradients",
    "replica_count",
    "replica_id",
    "strategy",
    "sum_rows",
    "under_xla",
    "uniform",
    "value_and_few_slopes",
    "value_and_grad",
    "vjp",
    "with_gradient",
]

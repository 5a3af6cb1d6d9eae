"""What makes TensorFlow faster on tests, whose networks are so small that its overhead is nearly all of their time.

None of it changes what a test computes by more than rounding. Tests marked `as_for_users` have TensorFlow's graph
optimizer and Keras's own Adam. Tests marked `compiled` keep no kernels, since those of compiled functions are large.
"""

import keras
import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context
from tensorflow.python.ops import gen_resource_variable_ops

_ADAM_OF_KERAS = keras.optimizers.Adam.update_step
_clear_kernels, _variable_handle = pywrap_tfe.TFE_ContextClearCaches, gen_resource_variable_ops.var_handle_op


def optimize_graphs(enabled):
    """Whether TensorFlow optimizes graphs: it takes longer than the few steps that a test makes."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not enabled})


def adam_update_step(optimizer, gradient, variable, learning_rate):
    """Keras's `Adam.update_step` as one operation: Keras's many take more than half of the time of an eager step."""
    if optimizer.amsgrad or isinstance(gradient, tf.IndexedSlices):
        _ADAM_OF_KERAS(optimizer, gradient, variable, learning_rate)
        return
    index, step = optimizer._get_variable_index(variable), tf.cast(optimizer.iterations.value + 1, variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=optimizer.beta_1**step,
        beta2_power=optimizer.beta_2**step,
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


def share_kernels_of_variables():
    """Let all variables of a shape share a kernel: kernels are looked up by all attributes, the name among them."""
    gen_resource_variable_ops.var_handle_op = lambda **options: _variable_handle(**{**options, "debug_name": ""})


def keep_kernels(enabled):
    """Whether to keep the kernels of operations when a seed is set and when Keras's session is cleared.

    Only stateful random operations need new ones; neither Keras nor the library runs any outside `tf.data`.
    """
    pywrap_tfe.TFE_ContextClearCaches = (lambda handle: None) if enabled else _clear_kernels


def clear_kernels():
    """Free the kernels that were kept."""
    if context.context()._context_handle is not None:  # TensorFlow has run
        _clear_kernels(context.context()._context_handle)

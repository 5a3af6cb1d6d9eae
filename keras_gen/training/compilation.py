"""How the steps are compiled: by what the networks contain, and for how long they are to run."""

import contextlib
import dataclasses

import keras

from keras_gen import backend
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.layers.tied import TiedConv2DTranspose

_WORTH_A_GRAPH, _WORTH_XLA = 40, 3000  # steps
_LARGE = 100_000  # weights whose products take longer than XLA takes to compile a few dozen steps
FUSED_STEPS = 32  # of a dense network on a CPU: enough to hide what one call costs
_CONVOLUTIONS = (
    keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D,
    keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D, keras.layers.SeparableConv2D, TiedConv2DTranspose,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Execution:
    """How a model's steps are executed.

    Args:
        jit_compile: Whether XLA compiles them.
        steps_per_execution: Batches a call of the compiled function.
        fused: Whether `fit` may choose the number of steps in one program.
    """

    jit_compile: object
    steps_per_execution: int
    fused: bool


def chosen_execution(layers, policies, jit_compile, steps_per_execution, run_eagerly, distributed):
    """How the steps of networks are executed best, where it is not said.

    On a CPU, XLA makes dense networks faster; convolutions, half precision and Keras's own random draws slower. One
    program of many steps hides what a call costs, which for small dense networks is as much as their arithmetic.

    Args:
        layers: Iterable of the layers of all networks.
        policies: Set of the names of their dtype policies.
        jit_compile, steps_per_execution, run_eagerly: As in `GenerativeModel.compile`.
        distributed: Whether the steps run under a distribution strategy.

    Returns:
        An `Execution`.

    Example:

    >>> chosen_execution([keras.layers.Conv2D(4, 3)], {"float32"}, "auto", "auto", False, False).steps_per_execution
    1
    """
    on_cpu = backend.on_cpu()
    dense = on_cpu and not (distributed or run_eagerly)
    dense = dense and not any(isinstance(layer, _CONVOLUTIONS) or _draws_by_keras(layer) for layer in layers)
    automatic = jit_compile == "auto"
    if automatic and on_cpu:
        # XLA's products of half precision leave out the processor's own unit for them: four times slower
        jit_compile = dense and not any(policy.startswith("mixed_") for policy in policies)
    fused = dense and bool(jit_compile or automatic)
    if steps_per_execution == "auto":
        steps_per_execution = FUSED_STEPS if fused else 1
    return Execution(jit_compile, steps_per_execution, fused)


@contextlib.contextmanager
def compiled_for(model, steps):
    """Compile a model for a training known to be short, which would be over before its graph were made.

    Afterwards the model is compiled as it was: what is saved does not stay slow.

    Args:
        model: A compiled `GenerativeModel`.
        steps: Number of steps in all, or `None` where it is not known.

    Example:

    >>> from keras_gen import presets
    >>> model = presets.autoencoder((16,), 2, units=(8,))
    >>> with compiled_for(model, steps=10):
    ...     model.run_eagerly
    True
    >>> model.run_eagerly
    False
    """
    requested, shorter = model.compile_arguments, {}
    if steps is not None and steps < _WORTH_A_GRAPH:
        shorter = {"run_eagerly": True}
    elif steps is not None and steps < _WORTH_XLA and model.count_params() < _LARGE:
        shorter = {"jit_compile": False}
    if shorter:
        model.compile(model.optimizer, **{**requested, **shorter})
    try:
        yield
    finally:
        if shorter:
            model.compile(model.optimizer, **requested)


def _draws_by_keras(layer):
    """Whether a layer draws by `keras.random`, not by `backend`."""
    by_keras = type(layer).__module__.startswith("keras.")
    return any(by_keras or not isinstance(generator, ReplicaSeedGenerator) for generator in layer._seed_generators)

"""How the steps are compiled: by what the networks contain, and for how long they are to run."""

import contextlib
import dataclasses

import keras

from keras_gen import backend, checks
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.layers.tied import TiedConv2DTranspose
from keras_gen.training.player import PlayerOptimizers

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


@dataclasses.dataclass(frozen=True)
class Requested:
    """The arguments of `compile` as they were given, in an object because Keras would track metrics in a dict."""

    jit_compile: object
    steps_per_execution: object
    run_eagerly: bool
    metrics: object
    weighted_metrics: object


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


class CompiledByPlayers:
    """The part of a `GenerativeModel` that compiles it: an optimizer a player, and how its steps are executed."""

    def compile(
        self,
        optimizer="adam",
        jit_compile="auto",
        steps_per_execution="auto",
        run_eagerly=False,
        metrics=None,
        weighted_metrics=None,
        **others,
    ):
        """Give each player its optimizer.

        Args:
            optimizer: A name or an optimizer, of which each player gets a copy, or a dict with one optimizer a player.
                Defaults to `"adam"`.
            jit_compile: Whether to compile the step with XLA. `"auto"` chooses by the networks: on a CPU, XLA makes
                dense networks faster, convolutions and half precision slower. Defaults to `"auto"`.
            steps_per_execution: Batches a call of the compiled function; callbacks see every call. `"auto"` takes up to
                32 in `fit` for dense networks on a CPU, else 1. Defaults to `"auto"`.
            run_eagerly: Whether to run step by step in Python, for debugging. Defaults to `False`.
            metrics, weighted_metrics: As in `keras.Model.compile`, of a model of labels (compared with the
                probabilities) or of reconstructions (compared with the target). Defaults to `None`.
            **others: None: the model has its own losses.

        Raises:
            ValueError: If a dict does not name exactly the players, a loss is given, or metrics of a model that has
                neither labels nor reconstructions.
        """
        if others:
            raise ValueError(
                "`compile` takes no losses: the model has its own. Expected: optimizer, jit_compile, "
                f"steps_per_execution, run_eagerly, metrics, weighted_metrics. Received: {sorted(others)}"
            )
        if metrics or weighted_metrics:
            self.require_predictions()
        players = self.players()
        modules = [self, *(network for player in players for network in player.networks)]
        policies = {module.dtype_policy.name for module in modules}
        execution = chosen_execution(
            list(self._flatten_layers()),
            policies,
            jit_compile,
            steps_per_execution,
            run_eagerly,
            distributed=bool(backend.has_strategy() or self._distribute_strategy),
        )
        super().compile(
            optimizer=PlayerOptimizers.for_players(optimizer, players, scale_losses="mixed_float16" in policies),
            jit_compile=execution.jit_compile,
            steps_per_execution=checks.integer("steps_per_execution", execution.steps_per_execution),
            run_eagerly=run_eagerly,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            auto_scale_loss=False,
        )
        self._requested = Requested(jit_compile, steps_per_execution, run_eagerly, metrics, weighted_metrics)
        self._execution, self._compiled_functions = execution, {}
        if self._compile_metrics is not None:  # their variables cannot be made while XLA traces the steps
            batch = self.data_description.symbolic_batch()
            outputs = (p.shared_forward(batch, training=False) for p in players if p.shared_forward is not None)
            self._compile_metrics.build(*self.predicted(batch, *outputs, training=False))

    @property
    def compile_arguments(self):
        """The arguments of `compile` as they were given, but for the optimizer."""
        return dict(vars(self._requested))

    def get_compile_config(self):
        if not self.compiled:
            return {}
        # As requested, not as chosen here: the machine that loads the model chooses for itself
        return keras.saving.serialize_keras_object({"optimizer": self.optimizer, **self.compile_arguments})

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def make_train_function(self, force=False):
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        if self.jit_compile and self.steps_per_execution > 1 and not self._distribute_strategy:
            self.train_function = backend.fuse_steps(
                self.train_step, self.get_metrics_result, self.steps_per_execution, self.train_function
            )

    def _use_steps(self, steps):
        """Take that many batches a call, if the choice is ours; what was compiled for another number is kept."""
        if not (self.compiled and self._execution.fused) or self._requested.steps_per_execution != "auto":
            return
        self._compiled_functions[self.steps_per_execution] = self.train_function, self.test_function
        self.steps_per_execution = steps
        self.train_function, self.test_function = self._compiled_functions.get(steps, (None, None))
        self.predict_function = None


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

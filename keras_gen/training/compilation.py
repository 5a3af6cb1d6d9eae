"""How a model of players is compiled: an optimizer a player, and the compiler chosen by what the networks contain."""

import contextlib

import keras

from keras_gen import backend, checks
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.layers.tied import TiedConv2DTranspose
from keras_gen.training.persistence import PersistentModel
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
    requested, shorter = model._requested, {}
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


class CompiledByPlayers(PersistentModel):
    """The part of a `GenerativeModel` that compiles it.

    Args:
        **kwargs: `name` and `dtype` of a Keras model.
    """

    def compile(self, optimizer="adam", jit_compile="auto", steps_per_execution="auto", run_eagerly=False, **others):
        """Give each player its optimizer.

        Args:
            optimizer: A name or an optimizer, of which each player gets a copy, or a dict with one optimizer a player.
                Defaults to `"adam"`.
            jit_compile: Whether to compile the step with XLA. `"auto"` chooses by the networks: on a CPU, XLA makes
                dense networks faster, convolutions and half precision slower. Defaults to `"auto"`.
            steps_per_execution: Batches a call of the compiled function; callbacks see every call. `"auto"` takes up to
                32 in `fit` for dense networks on a CPU, else 1. Defaults to `"auto"`.
            run_eagerly: Whether to run step by step in Python, for debugging. Defaults to `False`.
            **others: None: the model has its own losses and metrics.

        Raises:
            ValueError: If a dict does not name exactly the players, or a loss or metrics are given.
        """
        if others:
            raise ValueError(
                "`compile` takes no losses or metrics: the model has its own. Expected: optimizer, jit_compile, "
                f"steps_per_execution, run_eagerly. Received: {sorted(others)}"
            )
        requested = {"jit_compile": jit_compile, "steps_per_execution": steps_per_execution, "run_eagerly": run_eagerly}
        policies = {
            module.dtype_policy.name for module in [self, *(n for player in self.players() for n in player.networks)]
        }
        fast_dense = backend.on_cpu() and not (backend.has_strategy() or self._distribute_strategy or run_eagerly)
        fast_dense = fast_dense and not any(  # both are slow in XLA on a CPU
            isinstance(layer, _CONVOLUTIONS) or _draws_by_keras(layer) for layer in self._flatten_layers()
        )
        if jit_compile == "auto" and backend.on_cpu():
            # XLA's products of half precision leave out the processor's own unit for them: four times slower
            jit_compile = fast_dense and not any(policy.startswith("mixed_") for policy in policies)
        self._many_steps = fast_dense and (jit_compile or requested["jit_compile"] == "auto")
        if steps_per_execution == "auto":
            steps_per_execution = FUSED_STEPS if self._many_steps else 1
        group = PlayerOptimizers.for_players(optimizer, self.players(), scale_losses="mixed_float16" in policies)
        super().compile(
            optimizer=group,
            jit_compile=jit_compile,
            steps_per_execution=checks.integer("steps_per_execution", steps_per_execution),
            run_eagerly=run_eagerly,
            auto_scale_loss=False,
        )
        self._requested, self._compiled_functions = requested, {}

    def get_compile_config(self):
        if not self.compiled:
            return {}
        # As requested, not as chosen here: the machine that loads the model chooses for itself.
        return {"optimizer": keras.optimizers.serialize(self.optimizer), **self._requested}

    def compile_from_config(self, config):
        self.compile(**{**config, "optimizer": keras.optimizers.deserialize(config["optimizer"])})

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
        if not self.compiled or self._requested["steps_per_execution"] != "auto" or not self._many_steps:
            return
        self._compiled_functions[self.steps_per_execution] = self.train_function, self.test_function
        self.steps_per_execution = steps
        self.train_function, self.test_function = self._compiled_functions.get(steps, (None, None))
        self.predict_function = None


def _draws_by_keras(layer):
    """Whether a layer draws by `keras.random`, not by `backend`."""
    by_keras = type(layer).__module__.startswith("keras.")
    return any(by_keras or not isinstance(generator, ReplicaSeedGenerator) for generator in layer._seed_generators)

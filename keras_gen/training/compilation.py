"""How the steps are compiled: it depends on the layers of the networks and the length of the training."""

import contextlib
import logging
import types

import keras

from keras_gen import backend, checks
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.layers.tied import TiedConv2DTranspose
from keras_gen.training.player import PlayerOptimizers

_GRAPH_FROM_STEPS, _XLA_FROM_STEPS = 40, 3000  # steps of a training; compiling takes longer than it saves below these
_MANY_WEIGHTS = 100_000  # weights: with more, XLA's compilation pays for itself within a few dozen steps
FUSED_STEPS = 32  # of a dense network on a CPU: enough to hide what one call costs
_CONVOLUTIONS = (
    keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D,
    keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D, keras.layers.SeparableConv2D, TiedConv2DTranspose,
)  # fmt: skip


def chosen_execution(layers, policies, jit_compile, steps_per_execution, run_eagerly, distributed):
    """The triple (jit_compile, steps_per_execution, free_steps), with "auto" replaced as `compile` documents.

    One program of many steps hides the cost of a call, which for small dense networks is as high as their arithmetic.
    `layers` are those of all networks, `policies` the set of the names of their dtype policies. Other values than
    "auto" are kept; `free_steps` says whether `fit` may choose the number of steps in one program.
    """
    on_cpu = backend.on_cpu()
    suits_xla = on_cpu and not (distributed or run_eagerly)
    suits_xla = suits_xla and not (convolves(layers) or any(map(_draws_by_keras, layers)))
    automatic = jit_compile == "auto"
    if automatic and on_cpu:
        # XLA does not use the processor's unit for half precision: its products are four times slower
        jit_compile = suits_xla and not any(policy.startswith("mixed_") for policy in policies)
    free_steps = suits_xla and bool(jit_compile or automatic)
    if steps_per_execution == "auto":
        steps_per_execution = FUSED_STEPS if free_steps else 1
    return jit_compile, steps_per_execution, free_steps


class CompiledByPlayers:
    """The part of a `GenerativeModel` that compiles it: one optimizer for each player, and how its steps run."""

    default_optimizer, optimizer_settings = keras.optimizers.Adam, {}  # class and arguments of what `compile()` takes

    def compile(
        self,
        optimizer=None,
        *,
        jit_compile="auto",
        steps_per_execution="auto",
        run_eagerly=False,
        metrics=None,
        weighted_metrics=None,
        **others,
    ):
        """Give each player its optimizer.

        Args:
            optimizer: A name or an optimizer, of which each player gets a copy, or a dict with one for each player.
                Defaults to `None`, the model's `default_optimizer` with its `optimizer_settings`: Adam, for adversarial
                models with rates that differ from Keras's; the name `"adam"` means the same.
            jit_compile: Whether to compile the step with XLA. `"auto"` depends on the networks: on a CPU, XLA speeds up
                dense networks, and slows down convolutions, half precision and Keras's own random draws. Defaults to
                `"auto"`.
            steps_per_execution: Batches in one call of the compiled function; callbacks see calls, not batches.
                `"auto"` takes up to 32 in `fit` for dense networks on a CPU, else 1. Defaults to `"auto"`.
            run_eagerly: Whether to run step by step in Python, for debugging. Defaults to `False`.
            metrics, weighted_metrics: As in `keras.Model.compile`, for a model of labels (compared with the
                probabilities) or of reconstructions (compared with the target). Defaults to `None`.
            **others: Not accepted: the model has its own losses.
        """
        if others:
            raise ValueError(
                "`compile` does not take these arguments; the model has its own losses. Expected: optimizer, "
                "jit_compile, steps_per_execution, run_eagerly, metrics, weighted_metrics. "
                f"Received: {sorted(others)}"
            )
        if not isinstance(jit_compile, bool) and jit_compile != "auto":
            raise ValueError(f"`jit_compile` must be a bool or 'auto'. Received: jit_compile={jit_compile!r}")
        metrics, weighted_metrics = metrics or None, weighted_metrics or None  # Keras makes metrics of an empty list
        if metrics or weighted_metrics:
            self.require_predictions()
        players = self.players()
        modules = [self, *(network for player in players for network in player.networks)]
        policies = {module.dtype_policy.name for module in modules}
        jit, steps, self._free_steps = chosen_execution(
            list(self._flatten_layers()),
            policies,
            jit_compile,
            steps_per_execution,
            run_eagerly,
            distributed=bool(backend.has_strategy() or self._distribute_strategy),
        )
        optimizer = self._given_or_own(optimizer)
        super().compile(
            optimizer=PlayerOptimizers.for_players(optimizer, players, scale_losses="mixed_float16" in policies),
            jit_compile=jit,
            steps_per_execution=checks.integer("steps_per_execution", steps),
            run_eagerly=run_eagerly,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            auto_scale_loss=False,
        )
        self._requested = types.SimpleNamespace(  # Keras would track the metrics in a dict
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
        )
        self._compiled_functions = types.SimpleNamespace(by_steps={})  # `export` refuses a dict with such keys
        if self._compile_metrics is not None:  # their variables cannot be made while XLA traces the steps
            batch = self.data_description.symbolic_batch()
            outputs = (p.shared_forward(batch, training=False) for p in players if p.shared_forward is not None)
            self._compile_metrics.build(*self.predicted(batch, *outputs, training=False))

    def _given_or_own(self, optimizer):
        """The optimizer given to `compile`, or the model's own if that is `None` or Keras's plain Adam."""
        if optimizer is None:
            return self.default_optimizer(**self.optimizer_settings)
        if optimizer != "adam" or not self.optimizer_settings:
            return optimizer
        settings = ", ".join(f"{name}={value:g}" for name, value in self.optimizer_settings.items())
        logging.getLogger("keras_gen").warning(
            f"compile('adam') gives {type(self).__name__} Adam({settings}), with the rates published for it. "
            "Pass keras.optimizers.Adam(...) for others."
        )
        return keras.optimizers.Adam(**self.optimizer_settings)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        # As requested, not as chosen here: the machine that loads the model chooses for itself
        return keras.saving.serialize_keras_object({"optimizer": self.optimizer, **vars(self._requested)})

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def make_train_function(self, force=False):
        if self.train_function is not None and not force:
            return
        backend.free_kernels_sometimes()
        super().make_train_function(force)
        self.train_function = self._keeping(self._fused(self.train_step, self.train_function))

    def make_test_function(self, force=False):
        if self.test_function is not None and not force:
            return
        super().make_test_function(force)
        self.test_function = self._keeping(self._fused(self.test_step, self.test_function))

    def make_predict_function(self, force=False):
        if self.predict_function is not None and not force:
            return
        jit_compile = self.jit_compile
        try:
            if self.compiled and self._requested.jit_compile == "auto":  # one pass is not worth a program of its own
                self.jit_compile = False
            super().make_predict_function(force)
        finally:
            self.jit_compile = jit_compile

    def _fused(self, step, function):
        """Keras's `function` of an iterator, or if XLA compiles it one that fuses the steps."""
        if not self.jit_compile or self._distribute_strategy or not (self._free_steps or self.steps_per_execution > 1):
            return function
        variables = [*self.variables, *self.optimizer.variables]
        variables += [variable for metric in self.metrics for variable in metric.variables]
        variables = list({id(variable): variable for variable in variables}.values())
        return backend.fuse_steps(step, self.get_metrics_result, self.steps_per_execution, function, variables)

    def _keeping(self, function):
        """`function` of an iterator, which outlives a training that breaks off if Python reads its batches."""

        def call(iterator):
            if self._read_by_python:
                backend.keep_iterator(iterator)
            return function(iterator)

        return call

    def _use_steps(self, steps):
        """Take this many batches per call, unless the user has chosen; keep what was compiled for the old number."""
        before = self.steps_per_execution
        free = self.compiled and self._free_steps and self._requested.steps_per_execution == "auto"
        if steps == before or not free:
            return
        self._compiled_functions.by_steps[before] = self.train_function, self.test_function, self.predict_function
        self.steps_per_execution = steps
        functions = self._compiled_functions.by_steps.get(steps, (None, None, None))
        self.train_function, self.test_function, self.predict_function = functions

    @contextlib.contextmanager
    def _one_batch_a_call(self):
        """Within the block, take one batch per call; afterwards a `fit` that is still running goes on as before."""
        before = self.steps_per_execution
        self._use_steps(1)
        try:
            yield
        finally:
            self._use_steps(before)


@contextlib.contextmanager
def compiled_for(model, steps):
    """Within the block, the model is compiled for a training of `steps` steps (`None`: unknown).

    A short training runs eagerly or without XLA. Afterwards the model is compiled as before: no slow setting is saved.
    """
    requested, shorter = vars(model._requested), {}
    if steps is not None and steps < _GRAPH_FROM_STEPS:
        shorter = {"run_eagerly": True}
    elif steps is not None and steps < _XLA_FROM_STEPS and model.count_params() < _MANY_WEIGHTS:
        shorter = {"jit_compile": False}
    if shorter:
        model.compile(model.optimizer, **{**requested, **shorter})
    try:
        yield
    finally:
        if shorter:
            model.compile(model.optimizer, **requested)


def convolves(layers):
    """Whether any of the layers is a convolution."""
    return any(isinstance(layer, _CONVOLUTIONS) for layer in layers)


def _draws_by_keras(layer):
    """Whether a layer draws by `keras.random`, not by `backend`."""
    by_keras = type(layer).__module__.startswith("keras.")
    return any(by_keras or not isinstance(generator, ReplicaSeedGenerator) for generator in layer._seed_generators)

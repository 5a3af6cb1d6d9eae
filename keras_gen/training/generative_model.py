"""The one training step, and the compilation, fitting and evaluation, that every model of the library shares."""

import keras
from keras import ops

from keras_gen import backend, checks
from keras_gen.data.pipelines import Pipeline
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.training.fitting import EpochCounter, first_batch, is_arrays, split_validation
from keras_gen.training.persistence import PersistentModel
from keras_gen.training.player import PlayerOptimizers

FUSED_STEPS = 20  # of a dense network on a CPU: enough to hide what one call costs
_CONVOLUTIONS = (
    keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D,
    keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D, keras.layers.SeparableConv2D,
)  # fmt: skip


class GenerativeModel(PersistentModel):
    """A Keras model that is trained by one or several players, each with networks, a loss and an optimizer of its own.

    A subclass states its mathematics: `players()`, the losses they name, and `call`. In every step each player in turn
    takes the gradient of its own loss with respect to its own networks' trainable variables and applies its own
    optimizer. Saving keeps weights, optimizers, random states and the order of the data, so that n epochs, a save, a
    load and m epochs equal n + m epochs bit for bit.

    Args:
        log_names: Tuple of the names that the players' losses return, besides `loss`, which is always logged: the sum
            of the players' first values.
        **kwargs: `name` and `dtype` of a Keras model.
    """

    uses_labels = False  # whether `fit(x, labels)` hands the labels on to the losses

    def __init__(self, log_names=(), **kwargs):
        super().__init__(**kwargs)
        self._means = [keras.metrics.Mean(name=name) for name in ("loss", *log_names) if name is not None]
        self.seed_generator = ReplicaSeedGenerator()
        self.evaluation_seed_generator = ReplicaSeedGenerator(seed=0)

    # What a subclass states

    def players(self):
        """The players in the order of their moves, a tuple of `Player`."""
        raise NotImplementedError(f"{type(self).__name__} must define `players`.")

    def check_data(self, x, y=None):
        """Raise a `ValueError` if data of this kind cannot be trained on; `fit` and `evaluate` call it at the door.

        Args:
            x: Array, or the first batch of a dataset.
            y: Labels, or `None`.
        """
        checks.images("x", x)

    # The steps

    def train_step(self, data):
        with backend.under_xla(self.jit_compile):
            return self._train_step(data)

    def test_step(self, data):
        with backend.under_xla(self.jit_compile):
            return self._test_step(data)

    def _train_step(self, data):
        batch = self._batch(data)
        players = self.players()
        slices = max(player.moves for player in players)
        size = ops.shape(batch[0] if isinstance(batch, tuple) else batch)[0] // slices
        total = 0.0
        for player in players:
            optimizer, variables = self.optimizer[player.name], player.variables
            for move in range(player.moves):
                part = keras.tree.map_structure(lambda t, k=move: t[k::slices][:size] if slices > 1 else t, batch)
                values, gradients = backend.value_and_grad(
                    lambda player=player, part=part, optimizer=optimizer: self._objective(player, part, optimizer),
                    variables,
                )
                optimizer.apply(gradients, variables)
                if player.after is not None:
                    player.after()
                self._track(values, size)
                total += next(iter(values.values())) / player.moves
        self._track({"loss": total}, size)
        return backend.reducible(self.get_metrics_result())

    def _test_step(self, data):
        batch = self._batch(data)
        size = ops.shape(batch[0] if isinstance(batch, tuple) else batch)[0]
        total = 0.0
        for player in self.players():
            values = player.loss(batch, training=False)
            self._track(values, size)
            total += next(iter(values.values()))
        self._track({"loss": total}, size)
        return backend.reducible(self.get_metrics_result())

    def _objective(self, player, batch, optimizer):
        values = player.loss(batch, training=True)
        values = {name: ops.cast(value, "float32") for name, value in values.items()}
        minimised = next(iter(values.values())) + ops.cast(player.penalty(), "float32")
        return optimizer.scale_loss(minimised), values

    def _batch(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            raise ValueError("`sample_weight` is not supported. Expected: data of x, or of x and labels.")
        return (x, y) if self.uses_labels else x

    def _track(self, values, size):
        for mean in self._means:
            if mean.name in values:
                mean.update_state(values[mean.name], sample_weight=size)

    @property
    def metrics(self):
        return self._means

    def noise(self, training):
        """The seed generator of a step: the training's own, or the one that `evaluate` resets."""
        return self.seed_generator if training else self.evaluation_seed_generator

    # Compiling

    def compile(self, optimizer="adam", jit_compile="auto", steps_per_execution="auto", run_eagerly=False):
        """Give each player its optimizer.

        Args:
            optimizer: A name or an optimizer, of which each player gets a copy, or a dict with one optimizer a player.
                Defaults to `"adam"`.
            jit_compile: Whether to compile the step with XLA. `"auto"` chooses by the networks: on a CPU, XLA makes
                dense networks faster and convolutions slower. Defaults to `"auto"`.
            steps_per_execution: Batches a call of the compiled function; callbacks see every call. `"auto"` takes 20
                for dense networks on a CPU, else 1. Defaults to `"auto"`.
            run_eagerly: Whether to run step by step in Python, for debugging. Defaults to `False`.

        Raises:
            ValueError: If a dict does not name exactly the players.
        """
        requested = {"jit_compile": jit_compile, "steps_per_execution": steps_per_execution, "run_eagerly": run_eagerly}
        networks = [network for player in self.players() for network in player.networks]
        fast_dense = backend.on_cpu() and not (backend.has_strategy() or self._distribute_strategy or run_eagerly)
        fast_dense = fast_dense and not any(
            isinstance(layer, _CONVOLUTIONS) or layer._seed_generators  # both are slow in XLA on a CPU
            for network in networks
            for layer in network._flatten_layers()
        )
        if jit_compile == "auto" and backend.on_cpu():
            jit_compile = fast_dense
        if steps_per_execution == "auto":
            steps_per_execution = FUSED_STEPS if fast_dense and jit_compile else 1
        policies = {module.dtype_policy.name for module in [self, *networks]}
        group = PlayerOptimizers.for_players(optimizer, self.players(), scale_losses="mixed_float16" in policies)
        super().compile(
            optimizer=group,
            jit_compile=jit_compile,
            steps_per_execution=checks.integer("steps_per_execution", steps_per_execution),
            run_eagerly=run_eagerly,
            auto_scale_loss=False,
        )
        self._requested = requested

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
        own_step = type(self).train_step is GenerativeModel.train_step
        if own_step and self.jit_compile and self.steps_per_execution > 1 and not self._distribute_strategy:
            self.train_function = backend.fuse_steps(
                self.train_step, self.get_metrics_result, self.steps_per_execution, self.train_function
            )

    # Fitting and evaluating

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        steps_per_epoch=None,
        validation_batch_size=None,
        **kwargs,
    ):
        """Train, as `keras.Model.fit` does; the order of plain arrays comes from a seed that is saved with the model.

        Args:
            x: Array `(n, ...)`, a `data.Pipeline`, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator.
            y: Labels of an array, or `None`; models without a use for labels ignore them.
            batch_size: Integer for arrays. Defaults to 32.
            shuffle: Whether arrays are shuffled anew in each epoch. Defaults to `True`.
            epochs, verbose, callbacks, validation_split, validation_data, steps_per_epoch, validation_batch_size,
                **kwargs: As in `keras.Model.fit`. With arrays `steps_per_epoch` is at most the number of batches.

        Returns:
            The `keras.callbacks.History`.

        Raises:
            ValueError: If the data do not fit the networks or the likelihood, or hold NaN; or `sample_weight` is given.
        """
        for name in ("sample_weight", "class_weight"):
            if kwargs.pop(name, None) is not None:
                raise ValueError(f"`{name}` is not supported. Expected: x, or x and labels. Received: {name}")
        self._assert_compile_called("fit")
        if validation_split:
            (x, y), validation_data = split_validation(x, y, validation_split)
        if validation_data is not None:
            validation_data = self._evaluation_data(validation_data, validation_batch_size or batch_size)
        if is_arrays(x):
            self.check_data(x, y)
            slices = max(player.moves for player in self.players())
            x = Pipeline(
                x,
                y if self.uses_labels else None,
                batch_size=batch_size or 32,
                shuffle=shuffle,
                seed=self.order_seed,
                steps=steps_per_epoch,
            )
            if slices > 1 and x.batch_size < slices:
                raise ValueError(
                    f"`batch_size` must hold at least one example for each of the {slices} moves of a step. "
                    f"Expected: batch_size >= {slices}. Received: batch_size={x.batch_size}"
                )
            y = batch_size = steps_per_epoch = None
        elif not isinstance(x, Pipeline):
            self.check_data(*first_batch(x))
        pipeline = x if isinstance(x, Pipeline) else None
        if pipeline is not None:
            self.check_data(*first_batch(pipeline.dataset(training=False)))
            x = pipeline.dataset()
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=EpochCounter(self, pipeline).first_of(callbacks),
            validation_data=validation_data,
            shuffle=False,
            steps_per_epoch=steps_per_epoch,
            validation_batch_size=validation_batch_size,
            **kwargs,
        )

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """Means of the losses over the data, as `keras.Model.evaluate`; the same call gives the same numbers.

        Args:
            x: Array `(n, ...)`, a `data.Pipeline`, a `tf.data.Dataset` or a `keras.utils.PyDataset`.
            y: Labels of an array, or `None`.
            batch_size: Integer for arrays. Defaults to 32.
            **kwargs: As in `keras.Model.evaluate`.

        Returns:
            A list of numbers in the order of `metrics_names`, or a dict with `return_dict=True`.

        Raises:
            ValueError: If the data do not fit the networks or the likelihood, or hold NaN.
        """
        self.evaluation_seed_generator.restart()
        if not kwargs.get("_use_cached_eval_dataset"):  # inside `fit` they were checked at its door
            x, y, batch_size = self._evaluation_data((x, y), batch_size), None, None
        return super().evaluate(x, y, batch_size=batch_size, **kwargs)

    def _evaluation_data(self, data, batch_size):
        x, y = data if isinstance(data, (tuple, list)) and len(data) == 2 else (data, None)
        if is_arrays(x):
            self.check_data(x, y)
            x = Pipeline(x, y if self.uses_labels else None, batch_size=batch_size or 32)
        if isinstance(x, Pipeline):
            x = x.dataset(training=False)
        self.check_data(*first_batch(x))
        return x

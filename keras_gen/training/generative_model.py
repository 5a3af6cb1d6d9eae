"""The one training step, and the fitting and evaluation, that every model of the library shares."""

import keras
import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.data.pipelines import (
    Pipeline,
    SeededPipeline,
    batch_count,
    guarded,
    inputs_only,
    is_dataset,
    limited,
    shared_out,
)
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.training.compilation import FUSED_STEPS, CompiledByPlayers
from keras_gen.training.fitting import (
    EpochCounter,
    execution_steps,
    first_batch,
    is_array,
    never_empty,
    refuse_weights,
    split_validation,
    unpacked,
)
from keras_gen.training.workshop import Workshop

_TELLING = 16  # examples of which one at least should reach below the middle of the range


class GenerativeModel(CompiledByPlayers):
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

    tasks = frozenset()  # what the model can do with numpy, of `keras_gen.training.tasks.TASKS`
    uses_labels = False  # whether `fit(x, labels)` hands the labels on to the losses
    takes_nan = False  # whether NaN stands for "missing"
    value_range = (0, 1)  # of the pixels that the model is to be given, `None` where any will do

    def __init__(self, log_names=(), **kwargs):
        super().__init__(**kwargs)
        self._means = [keras.metrics.Mean(name=name) for name in ("loss", *log_names)]
        self.seed_generator = ReplicaSeedGenerator()
        self.evaluation_seed_generator = ReplicaSeedGenerator(seed=0)

    @property
    def updates_per_step(self):
        """The most updates that a player makes in a step, each on examples of its own."""
        return max(player.moves for player in self.players())

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
        checks.array("x", x, allow_nan=self.takes_nan)

    def check_reach(self, *lowest):
        """Raise a `ValueError` if training data do not fill the range of what they are to be compared with.

        Args:
            *lowest: The least values of x, and of y where it is an image too.
        """

    def limits(self):
        """The range (lowest, highest) that each part of a batch keeps to, `None` for no range, by the part's name."""
        return {"x": None}

    def pipeline(self, x, y, batch_size, **options):
        """What `fit` and `evaluate` make of arrays, a `data.Pipeline`; arguments as there."""
        return Pipeline(x, y if self.uses_labels else None, batch_size, allow_nan=self.takes_nan, **options)

    # The steps

    def train_step(self, data):
        # After the data: where they are at an end, no counter and no random state is to have moved on
        with backend.under_xla(self.jit_compile), backend.after(data):
            return self._train_step(data)

    def test_step(self, data):
        with backend.under_xla(self.jit_compile):
            return self._test_step(data)

    def _train_step(self, data):
        batch = self._batch(data)
        players = self.players()
        slices = max(player.moves for player in players)
        whole = _size(batch)
        # A short last batch of a foreign pipeline may not reach for all moves: then some see the same example
        size = max(whole // slices, 1) if isinstance(whole, int) else ops.maximum(whole // slices, 1)
        total, returned, workshop = 0.0, set(), Workshop(players, self.optimizer)
        for player in players:
            for move in range(player.moves):
                part = keras.tree.map_structure(
                    lambda t, k=move: t[k % whole :: slices][:size] if slices > 1 else t, batch
                )
                part, made = workshop.made_for(player, part, move)
                values, gradients = workshop.gradients(
                    player, lambda player=player, part=part, made=made: self._values(player, part, made, training=True)
                )
                player.apply(self.optimizer[player.name], gradients)
                if player.after is not None:
                    player.after()
                self._track(values, size)
                total += next(iter(values.values())) / player.moves
            returned |= set(values)
        missing = {mean.name for mean in self._means} - {"loss", *returned}
        if missing:  # found while the first step is traced
            raise ValueError(f"`log_names` must be returned by the losses. Expected: {missing}. Received: {returned}")
        self._track({"loss": total}, size)
        return backend.reducible(self.get_metrics_result())

    def _test_step(self, data):
        batch = self._batch(data)
        size = _size(batch)
        if self.distribute_strategy.num_replicas_in_sync > 1:  # some get nothing of a short batch
            batch = keras.tree.map_structure(never_empty, batch)
        players, total = self.players(), 0.0
        made = tuple(player.makes(batch, training=False) for player in players if player.makes is not None)
        for player in players:
            values = self._values(player, batch, made, training=False)
            self._track(values, size)
            total += next(iter(values.values()))
        self._track({"loss": total}, size)
        return backend.reducible(self.get_metrics_result())

    def _values(self, player, batch, made, training):
        losses = player.loss(batch, *made, training=training)
        return {name: ops.cast(value, "float32") for name, value in losses.items()}

    def _batch(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            refuse_weights()
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
            x: Array `(n, ...)`, a `data.Pipeline`, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator. Of
                what can be read again the first batch is read once more, to check it.
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
        x, y = unpacked(x, y)
        if validation_split and validation_data is None:
            (x, y), validation_data = split_validation(x, y, validation_split)
        if validation_data is not None:
            steps = kwargs.pop("validation_steps", None)
            validation_data = self._evaluation_data(
                *unpacked(validation_data), validation_batch_size or batch_size, steps, moves=1
            )
        moves = max(player.moves for player in self.players())
        plain = is_array(x)
        if plain:
            self.check_data(x, y)
            options = {"shuffle": shuffle, "seed": self.order_seed, "steps": steps_per_epoch}
            x = self.pipeline(x, y, 32 if batch_size is None else batch_size, **options)
            steps_per_epoch = None
        pipeline = x if isinstance(x, SeededPipeline) else None
        if pipeline is not None:
            for name, given in (("steps", steps_per_epoch), ("batch_size", None if plain else batch_size)):
                if given is not None:
                    raise ValueError(
                        f"A pipeline has its own. Expected: {name}={given} where it is made. Received: both"
                    )
            replicas = self.distribute_strategy.num_replicas_in_sync
            pipeline.require(moves, replicas)
            x = pipeline.dataset(moves=moves, replicas=replicas)
        x, batches = self._foreign(x, moves, pipeline, checked=plain)
        self._use_steps(execution_steps(FUSED_STEPS, batches, steps_per_epoch))
        return super().fit(
            x,
            epochs=epochs,
            verbose=verbose,
            callbacks=EpochCounter(self, pipeline, own_order=plain).first_of(callbacks),
            validation_data=validation_data,
            shuffle=False,
            steps_per_epoch=steps_per_epoch,
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
            x, y, batch_size = self._evaluation_data(*unpacked(x, y), batch_size, kwargs.pop("steps", None)), None, None
            self._use_steps(1)
        return super().evaluate(x, y, batch_size=batch_size, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", **kwargs):
        self._use_steps(1)
        return super().predict(x, batch_size=batch_size, verbose=verbose, **kwargs)

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Nothing: all is built. Keras would take the mean of a batch over replicas, which fails at unlike shares."""

    def _evaluation_data(self, x, y, batch_size, steps=None, moves=None):
        if is_array(x):
            x = self.pipeline(x, y, batch_size or 32)
        pipeline = x if isinstance(x, SeededPipeline) else None
        x, _ = self._foreign(x if pipeline is None else x.dataset(training=False), moves, pipeline)
        return limited(x, steps)

    def _foreign(self, x, moves=None, pipeline=None, checked=False):
        """A dataset as the steps take it, its first batch checked, and how many batches it has, where that is known.

        Args:
            x: The dataset.
            moves: In `fit`, the moves that a training batch must hold an example for.
            pipeline: The pipeline that it is of, all of whose values are known.
            checked: Whether they have been checked.
        """
        batch = None if checked else first_batch(x)
        if batch is not None:
            self.check_data(*batch)
            size = len(keras.tree.flatten(batch[0])[0])
            if pipeline is None and moves is not None:
                checks.batch("batch_size", size, moves, self.distribute_strategy.num_replicas_in_sync)
                if size >= _TELLING:
                    self.check_reach(*(np.min(part) for part in batch[: 1 + self.uses_labels]))
        if pipeline is not None:
            ranges = pipeline.ranges()
            for (name, limit), (low, high) in zip(self.limits().items(), ranges, strict=False):
                checks.in_range(name, low, high, limit)
            if moves is not None:
                self.check_reach(*(low for low, _ in ranges))
        if is_dataset(x) and not self.uses_labels:
            x = inputs_only(x)
        if not is_dataset(x) or pipeline is not None:
            return x, batch_count(x)
        replicas = self.distribute_strategy.num_replicas_in_sync
        if moves is not None and replicas > 1:
            x = shared_out(x, moves, replicas)
        return guarded(x, self.limits()), batch_count(x)


def _size(batch):
    return ops.shape(keras.tree.flatten(batch)[0])[0]

"""The one training step, and the fitting and evaluation, that every model of the library shares."""

import functools
import threading

import keras
from keras import ops

from keras_gen import backend, checks
from keras_gen.data.pipelines import SeededPipeline
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.training.compilation import FUSED_STEPS, CompiledByPlayers
from keras_gen.training.data_adapter import BatchPlan, adapt, split_validation
from keras_gen.training.data_description import DataDescription
from keras_gen.training.epochs import EpochCounter, execution_steps, resumed_epoch
from keras_gen.training.forward_pass import gradients_of, shared_forward
from keras_gen.training.persistence import Persistent


class GenerativeModel(Persistent, CompiledByPlayers, keras.Model):
    """A Keras model that is trained by one or several players, each with its own networks, loss and optimizer.

    A subclass defines its mathematics: `players()`, their losses, `call`, and the description of its data. In every
    step each player in turn takes the gradient of its own loss with respect to its own networks' trainable variables
    and applies its own optimizer. Saving keeps weights, optimizers, random states and the order of the data, so n
    epochs, a save, a load and m epochs equal n + m epochs bit for bit.

    Args:
        data_description: The `DataDescription` of a batch. Defaults to `None`: x of any shape and range.
        log_names: Tuple of the names, among those that the players' losses return, to log in addition to `loss`, the
            sum of the players' first values. Defaults to ().
        **kwargs: `name` and `dtype` of a Keras model.
    """

    tasks = frozenset()  # what the model can do with numpy, of `keras_gen.training.tasks.TASKS`

    def __init__(self, data_description=None, log_names=(), **kwargs):
        super().__init__(**kwargs)
        self._begin_order()
        self._data_description = data_description or DataDescription()
        self._means = [keras.metrics.Mean(name=name) for name in ("loss", *log_names)]
        self.seed_generator = ReplicaSeedGenerator()
        self.evaluation_seed_generator = ReplicaSeedGenerator(seed=0)
        self._one_evaluation = threading.RLock()  # at a time: the noise and the means belong to the model
        self._read_by_python = False  # the data of the `fit` or `evaluate` that runs
        self.built = True

    # What a subclass defines

    def players(self):
        """The players in the order of their updates, a tuple of `Player`."""
        raise NotImplementedError(f"{type(self).__name__} must define `players`.")

    def predicted(self, batch, *outputs, training):
        """The pair (true, predicted) of a batch that the metrics of `compile` compare, for models that predict.

        `batch` is a dict of its parts, `outputs` the result of the shared forward pass, if there is one.
        """
        raise NotImplementedError(f"{type(self).__name__} predicts neither labels nor reconstructions.")

    def require_predictions(self):
        """Raise a `ValueError` unless the model predicts what metrics can compare."""
        if type(self).predicted is GenerativeModel.predicted:
            raise ValueError(
                "`metrics` are for models of labels or reconstructions. Expected: a classifier, an autoencoder or "
                f"another model that predicts them. Received: {type(self).__name__}"
            )

    # What follows from it

    @property
    def data_description(self):
        """The contents of a batch, a `DataDescription`."""
        return self._data_description

    @property
    def example_shape(self):
        """The shape of one x, whose `None` entries are free, or `None`."""
        return self.data_description.x.shape

    @property
    def value_range(self):
        """The pair (lowest, highest) of the values of x, or `None` if any value is allowed."""
        return self.data_description.x.value_range

    @property
    def uses_labels(self):
        """Whether `fit(x, labels)` passes the labels to the losses."""
        return self.data_description.uses_labels

    @property
    def updates_per_step(self):
        """The largest number of updates that a player makes in a step, each on its own examples."""
        return max(player.updates_per_step for player in self.players())

    @property
    def metrics(self):
        return [*self._means, *([] if self._compile_metrics is None else [self._compile_metrics])]

    def check_players(self):
        """Raise a `ValueError` if the players are not distinct: no file could restore a layer that networks share."""
        players, holders = self.players(), {}
        names = [player.name for player in players]
        if len(set(names)) < len(names):
            raise ValueError(f"`players` must have different names. Received: {names}")
        sharing = [player.name for player in players if player.shared_forward is not None]
        if len(sharing) > 1:
            raise ValueError(f"`shared_forward` must be given by one player at most. Received: {sharing}")
        for network in {id(n): n for player in players for n in player.networks}.values():
            for layer in network._flatten_layers():
                other = holders.setdefault(id(layer), network)
                if other is not network and layer.weights:
                    raise ValueError(
                        f"Networks must not share layers. Expected: layers of their own, or `layers.TiedDense`. "
                        f"Received: layer '{layer.name}' in both '{other.name}' and '{network.name}'"
                    )

    def seed_generator_for(self, training):
        """The seed generator of a step: the training's own, or the one that `evaluate` resets."""
        return self.seed_generator if training else self.evaluation_seed_generator

    # The steps

    def train_step(self, data):
        # Read the data first: when they have ended, no counter and no random state may change
        with (
            backend.own_gradients(),
            backend.exact_bias_gradients(),
            backend.under_xla(self.jit_compile),
            backend.after(data),
        ):
            return self._train_step(self.data_description.batch(data))

    def test_step(self, data):
        with backend.own_gradients(), backend.under_xla(self.jit_compile):
            return self._test_step(self.data_description.batch(data))

    def predict_step(self, data):
        with backend.own_gradients():
            return super().predict_step(data)

    def _train_step(self, batch):
        players = self.players()
        owner = next((player for player in players if player.shared_forward is not None), None)
        slices, size = _slices(batch, self.updates_per_step)
        total, logged, forwards = 0.0, set(), {}
        for player in players:
            for update in range(player.updates_per_step):
                part = slices[update]
                # A player that has just been updated makes a new pass; the others use the existing one
                if owner is not None and (update not in forwards or (player is owner and update > 0)):
                    forwards[update] = shared_forward(owner, part, with_gradients=update < owner.updates_per_step)
                forward, optimizer = forwards.get(update), self.optimizer[player.name]
                losses = functools.partial(_losses, player, part, _outputs(forward), training=True)
                values, gradients = gradients_of(player, losses, optimizer, forward)
                # TensorFlow's graph optimizer can let an update overtake a read of the variable on which only a loss's
                # value depends, such as that of a critic's bias in the gradient penalty
                with backend.after(values, gradients):
                    player.apply(optimizer, gradients)
                if player.after_update is not None:
                    player.after_update()
                self._track(values, size)
                total += next(iter(values.values())) / player.updates_per_step
            logged |= set(values)
        self._require_logged(logged)
        self._track({"loss": total}, size)
        self._compare(slices[0], _outputs(forwards.get(0)), training=True)
        return backend.gatherable(self.get_metrics_result())

    def _test_step(self, batch):
        size = _size(batch)
        if self.distribute_strategy.num_replicas_in_sync > 1:  # some get no part of a short batch
            batch = keras.tree.map_structure(_never_empty, batch)
        players, total = self.players(), 0.0
        outputs = tuple(p.shared_forward(batch, training=False) for p in players if p.shared_forward is not None)
        for player in players:
            values = _losses(player, batch, outputs, training=False)
            self._track(values, size)
            total += next(iter(values.values()))
        self._track({"loss": total}, size)
        self._compare(batch, outputs, training=False, size=size)
        return backend.gatherable(self.get_metrics_result())

    def _track(self, values, size):
        for mean in self._means:
            if mean.name in values:
                mean.update_state(values[mean.name], sample_weight=size)

    def _require_logged(self, logged):
        missing = {mean.name for mean in self._means} - {"loss", *logged}
        if missing:  # found while the first step is traced
            expected = sorted({mean.name for mean in self._means} - {"loss"})
            raise ValueError(
                f"The losses must return all `log_names`. Expected: {expected}. "
                f"Received: {sorted(logged)}, without {sorted(missing)}"
            )

    def _compare(self, batch, outputs, training, size=1):
        """Update the metrics of `compile`, if there are any; a batch of `size` 0 does not count."""
        if self._compile_metrics is None:
            return
        uneven = not training and self.distribute_strategy.num_replicas_in_sync > 1
        before = [(variable, ops.copy(variable)) for variable in self._compile_metrics.variables if uneven]
        true, predicted = self.predicted(batch, *outputs, training=training)
        self._compile_metrics.update_state(true, predicted, sample_weight=batch.get("sample_weight"))
        for variable, old in before:
            variable.assign(ops.where(size > 0, variable, old))

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
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        **kwargs,
    ):
        """Train, as `keras.Model.fit` does; the order of plain arrays comes from a seed that is saved with the model.

        Args:
            x: What `keras.Model.fit` takes, a `data.Pipeline`, a list of examples or a scipy sparse matrix; with NaN
                only for models of missing values. The first batch of a dataset is read an extra time, as a check.
            y: Labels, for models that use them; an autoencoder's targets, in the shape of the examples; CycleGAN's
                second set. Models that do not use integer labels ignore them.
            batch_size: Integer for arrays. Defaults to 32.
            shuffle: Whether arrays are shuffled in each epoch. Defaults to `True`.
            class_weight: Dict from a class to the weight of its examples, for models of labels. Defaults to `None`.
            sample_weight: Array `(n,)`, for models with a per-example loss. As in Keras, the loss is the mean of weight
                times loss. Defaults to `None`.
            epochs, verbose, callbacks, validation_split, validation_data, initial_epoch, steps_per_epoch,
                validation_steps, validation_batch_size, **kwargs: As in `keras.Model.fit`. With arrays
                `steps_per_epoch` is at most the number of batches.

        Returns:
            The `keras.callbacks.History`.
        """
        self._assert_compile_called("fit")
        checks.integer("epochs", epochs, minimum=0)
        description = self.data_description
        if validation_split and validation_data is None:
            x, validation_data = split_validation(description, x, y, sample_weight, validation_split)
            y = sample_weight = None
        plan = BatchPlan(self.order_seed, self.updates_per_step, self.distribute_strategy, shuffle, self.place_in_epoch)
        given = {"in_fit": True, "steps_name": "steps_per_epoch"}
        batches = adapt(description, x, y, sample_weight, batch_size, steps_per_epoch, plan, class_weight, **given)
        if validation_data is not None:
            own_size = isinstance(validation_data, SeededPipeline)
            size = validation_batch_size or (None if own_size else batch_size)
            given["steps_name"] = "validation_steps"
            validation = adapt(description, validation_data, batch_size=size, steps=validation_steps, **given)
            validation_data, validation_steps = validation.data, validation.steps
        self._read_by_python = batches.read_by_python or (validation_data is not None and validation.read_by_python)
        self._use_steps(execution_steps(FUSED_STEPS, batches.count, batches.steps))
        self._initial_epoch = None  # set by a `BackupAndRestore` of an earlier `fit`, where Keras would begin again
        with resumed_epoch(batches.first):
            return super().fit(
                batches.data,
                epochs=epochs,
                verbose=verbose,
                callbacks=EpochCounter(self, batches).callback_list(callbacks, verbose),
                validation_data=validation_data,
                shuffle=False,
                initial_epoch=initial_epoch,
                steps_per_epoch=batches.steps,
                validation_steps=validation_steps,
                **kwargs,
            )

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, **kwargs):
        """Means of the losses over the data, as `keras.Model.evaluate`; the same call gives the same numbers.

        Calls from several threads take turns.

        Args:
            x, y, batch_size, sample_weight: As in `fit`.
            steps: Number of batches. Defaults to `None`: all.
            verbose, **kwargs: As in `keras.Model.evaluate`.

        Returns:
            A list of numbers in the order of `metrics_names`, or a dict with `return_dict=True`.
        """
        with self._one_evaluation:
            self.evaluation_seed_generator.restart()
            if kwargs.get("_use_cached_eval_dataset"):  # inside `fit`, which has adapted them
                return super().evaluate(x, verbose=verbose, steps=steps, **kwargs)
            batches = adapt(self.data_description, x, y, sample_weight, batch_size, steps)
            self._read_by_python = batches.read_by_python
            with self._one_batch_a_call():
                return super().evaluate(batches.data, verbose=verbose, steps=batches.steps, **kwargs)

    def predict(self, x, batch_size=None, verbose="auto", **kwargs):
        with self._one_batch_a_call():
            return super().predict(x, batch_size=batch_size, verbose=verbose, **kwargs)

    def train_on_batch(self, x, y=None, sample_weight=None, **kwargs):
        """One step on a batch of arrays, which are checked as by `fit`; arguments as in `keras.Model`."""
        checks.batch_size(self.data_description.check_batch((x, y, sample_weight)), self.updates_per_step)
        with self._one_batch_a_call():
            return super().train_on_batch(x, y, sample_weight, **kwargs)

    def test_on_batch(self, x, y=None, sample_weight=None, **kwargs):
        """The losses of a batch of arrays, which are checked as by `evaluate`; arguments as in `keras.Model`."""
        self.data_description.check_batch((x, y, sample_weight))
        with self._one_batch_a_call():
            return super().test_on_batch(x, y, sample_weight, **kwargs)

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Do nothing: the model is built. Keras would average a batch over replicas, which fails for unequal shares."""

    # Exporting

    def input_specs(self):
        """What `call` takes: a `keras.InputSpec`, or a list of them."""
        if self.example_shape is None:
            raise ValueError(
                "`export` needs the shape of x. Expected: a `DataDescription` whose x has a shape, or "
                "`input_signature`. Received: neither"
            )
        return keras.InputSpec(shape=(None, *self.example_shape), dtype="float32")

    def export(self, filepath, format="tf_saved_model", input_signature=None, **kwargs):
        """Export what the model computes, as `keras.Model.export`: the artifact serves what `model(x)` returns.

        Args:
            filepath: Path of the folder, or of the `.onnx` file.
            format: `"tf_saved_model"`, or another of Keras's. Defaults to `"tf_saved_model"`.
            input_signature: As in `keras.Model.export`. Defaults to `None`: what `call` takes, of any batch size.
            **kwargs: As in `keras.Model.export`.
        """
        if input_signature is None:
            input_signature = [self.input_specs()]
        if not self._called:  # Keras needs a call first, of the shapes in the signature
            self(keras.tree.map_structure(lambda spec: keras.KerasTensor(spec.shape, spec.dtype), input_signature[0]))
        super().export(filepath, format=format, input_signature=input_signature, **kwargs)


def _never_empty(tensor):
    """The tensor, or one example of zeros if it is empty: layers need not handle empty batches."""
    substitute = ops.zeros((1, *tensor.shape[1:]), tensor.dtype)
    return ops.concatenate([tensor, substitute[ops.shape(tensor)[0] :]])


def _slices(batch, number):
    """The part of a batch that each update of a step sees, and the number of its examples."""
    whole = _size(batch)
    if number == 1:
        return [batch], whole
    # A short last batch of a user's dataset may hold fewer examples than updates: some updates then share one
    size = max(whole // number, 1) if isinstance(whole, int) else ops.maximum(whole // number, 1)
    return [keras.tree.map_structure(lambda t, k=k: t[k % whole :: number][:size], batch) for k in range(number)], size


def _size(batch):
    return ops.shape(batch["x"])[0]


def _outputs(forward):
    return () if forward is None else (forward.outputs,)


def _losses(player, batch, outputs, training):
    """The losses of a player: float32, whatever the precision of the networks."""
    losses = player.loss(batch, *outputs, training=training)
    if not isinstance(losses, dict) or not losses:
        raise ValueError(
            "The loss of a player must return a dict, whose first value is minimised. Expected: such as "
            f"{{'loss': scalar}}. Received, of the player {player.name!r}: {losses}"
        )
    return {name: ops.cast(value, "float32") for name, value in losses.items()}

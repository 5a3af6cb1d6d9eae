"""The contract that every model of the library keeps, as functions.

`check_model` is run over every model and preset. A few representatives, which between them use every mechanism of the
training engine, as `mechanisms` reads them off a model, are also checked for what tests the engine alone.
"""

import contextlib
import dataclasses
import itertools
import multiprocessing
import secrets

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from keras_gen import backend, data, models
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense
from keras_gen.models.conditions import Conditional
from keras_gen.saving import load_model
from keras_gen.training import GenerativeModel
from keras_gen.training.compilation import _CONVOLUTIONS, _draws_by_keras
from tests import faster, toy  # noqa: F401  toy registers its model for `load_model` in a fresh process

BATCH = 8
# A process that has only imported, which takes seconds, and from which each fresh process is forked
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload([__name__])
_ON_VARIABLES = ("ReadVariableOp", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp")
_METHODS = {  # by task: what must give the same after a load
    "encode": lambda model, x: model.encode(x),
    "reconstruct": lambda model, x: model.reconstruct(x),
    "autoencode": lambda model, x: model.predict(x, verbose=0),
    "sample": lambda model, x: model.sample(2, seed=0),
    "translate": lambda model, x: model.translate(x),
    "cycle": lambda model, x: model.cycle(x),
    "classify": lambda model, x: model.probabilities(x),
    "likelihood": lambda model, x: model.kl_per_dimension(x),
}


# The contract


def check_model(make, images, labels, tmp_path, representative=False, metrics=None):
    """Check what every model keeps, and what representatives of all models keep.

    Args:
        make: Callable that builds the model.
        images: Array `(n, height, width, channels)` in [0, 1] of at least three batches of 8.
        labels: Integers `(n,)`.
        tmp_path: An empty folder.
        representative: Whether to give the model all that it can train on, targets and sample weights too, and to check
            kinds of data, callbacks and several steps in one execution. The others, which use no more of the engine,
            train on a batch and a half, and need not be compiled: to trace a step takes longer. Defaults to `False`.
        metrics: As in `compile`. Defaults to `None`.

    Returns:
        The set of the mechanisms that the model uses.
    """
    options = {"optimizer": keras.optimizers.Adam() if representative else rmsprop(), "metrics": metrics}
    anew = Anew(built(make, **options, run_eagerly=tf.config.functions_run_eagerly()))
    model, description = anew.model, anew.model.data_description
    arrays = example_arrays(description, images, labels, whole=representative)
    arrays = arrays if representative else rows(arrays, slice(BATCH + 4))
    copies = [array.copy() for array in keras.tree.flatten(arrays)]
    _config_comes_back(model)
    with _recorded_backend() as called, optimized_graphs() as graphs:
        _trains_and_measures(model, arrays)
    if representative:
        _reads_and_updates_are_ordered(graphs)
    _resumes_in_a_fresh_process(model, arrays, tmp_path / "model.keras")
    _players_change_their_own_variables(model, arrays)
    _is_finite_in_mixed_precision(make, arrays)
    if representative:
        _kinds_of_data_are_equal(make, arrays)
        _works_with_callbacks(anew, arrays, tmp_path)
        _backup_restores_everything(anew, arrays, tmp_path / "backup")
        several = built(make, keras.optimizers.Adam(), metrics=metrics, steps_per_execution=2)
        _executions_are_equal(anew(), several, rows(arrays, slice(2 * BATCH + 4)))
    for array, copy in zip(keras.tree.flatten(arrays), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    return mechanisms(model, called)


def check_averages_of_weights(make, images, labels):
    """Check that `SwapEMAWeights` validates and leaves Keras's moving averages of the weights; arguments as above."""
    batch = _first_batch(example_arrays(make().data_description, images, labels))
    for policy in ("float32", "mixed_float16"):
        with _precision(policy):
            model = built(make, keras.optimizers.RMSprop(use_ema=True, ema_momentum=0.5), run_eagerly=True)
            callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]
            history = fit(model, batch, validation_data=batch, callbacks=callbacks)
            assert evaluate(model, batch)["loss"] == history["val_loss"][-1], policy


def check_fused_steps(make, images, labels, tmp_path=None):
    """Check that steps in one program of XLA change nothing, and with a folder that they resume; arguments as above."""
    model = built(make, jit_compile="auto")
    arrays = example_arrays(model.data_description, images, labels)
    arrays = rows(arrays, slice(3 * BATCH))  # XLA compiles a program for each size of a batch
    assert model.jit_compile and model.steps_per_execution > 1
    _executions_are_equal(built(make, jit_compile=True, steps_per_execution=1), model, arrays, 1e-5)
    if tmp_path is not None:
        _resumes_in_a_fresh_process(model, arrays, tmp_path / "model.keras")


# Models, data and processes


def built(make, optimizer=None, jit_compile=False, **options):
    """A model of a fixed seed, compiled without XLA unless the check is about it: a program takes seconds."""
    keras.utils.set_random_seed(3)
    model = make()
    model.compile(optimizer, jit_compile=jit_compile, **options)
    return model


def rmsprop():
    """An optimizer that keeps a state for each variable, in half of the operations that Adam takes to trace."""
    return keras.optimizers.RMSprop()


class Anew:
    """One compiled model that begins anew at every call: to trace the steps of another takes seconds."""

    def __init__(self, model):
        self.model, self.first = model, state(model)

    def __call__(self):
        keras.utils.set_random_seed(3)
        *values, (seed, epochs) = self.first.values()
        for variable, value in zip(_variables(self.model), values, strict=True):
            variable.assign(value)
        self.model.order_seed, self.model.epochs_completed = int(seed), int(epochs)
        return self.model


def example_arrays(description, images, labels, whole=False):
    """The arrays that a `DataDescription` asks for.

    Args:
        description: A `DataDescription`.
        images: Array in [0, 1].
        labels: Integers, one an image.
        whole: Whether to give what is optional too: targets and sample weights.

    Returns:
        Tuple (x,), (x, y) or (x, y, sample_weight), whose y is a tuple for several conditions.
    """
    arrays = [_values(description.x, images, labels)]
    used = [component for component in description.y_components if whole or not component.optional]
    if used:
        values = tuple(_values(component, 1 - images[::-1], labels) for component in used)
        arrays.append(values if description.has_several_y else values[0])
        if whole and description.sample_weight:
            arrays.append(np.linspace(0, 2, len(images), dtype="float32"))
    return tuple(arrays)


def rows(arrays, chosen):
    """Some rows of each array."""
    return keras.tree.map_structure(lambda array: array[chosen], arrays)


def _values(component, images, labels):
    if component.is_labels:
        values = labels % component.num_classes
        return np.where(np.arange(len(labels)) % 2, values, -1) if component.allow_nan else values
    if len(component.shape or ()) == 1:  # a vector
        images = images.reshape(len(images), -1)[:, -component.shape[0] :]
    elif component.shape is not None and component.shape[0] != images.shape[1]:  # enlarged
        times = component.shape[0] // images.shape[1]
        images = images.repeat(times, axis=1).repeat(times, axis=2)
    low, high = component.value_range or (0, 1)
    values = (low + (high - low) * images).astype("float32")
    if component.allow_nan:
        values[::2, 3:5] = np.nan
    return values


def pipeline(description, arrays, **options):
    """A pipeline of a model's arrays."""
    if not description.paired:
        return data.unpaired(*arrays, batch_size=BATCH, **options)
    x, y, weight = keras.utils.unpack_x_y_sample_weight(arrays)
    return data.Pipeline(x, y, sample_weight=weight, batch_size=BATCH, **options)


def _drawn_pipeline(model, arrays):
    """A pipeline that also draws where it can, so that its draws must be resumed too."""
    x = model.data_description.x
    options = {"binarization": "dynamic"} if x.value_range == (0, 1) and not x.allow_nan else {}
    return pipeline(model.data_description, arrays, seed=5, **options)


def fit(model, arrays, **options):
    """`fit` on arrays, quietly, in batches of 8; gives the history."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(arrays)
    return model.fit(x, y, sample_weight=weight, batch_size=BATCH, verbose=0, **options).history


def evaluate(model, arrays):
    """`evaluate` on arrays, as a dict."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(arrays)
    return model.evaluate(x, y, sample_weight=weight, batch_size=BATCH, verbose=0, return_dict=True)


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def state(model):
    """Everything that training changes, in order: weights, random states, optimizers, the place in the data."""
    arrays = {
        f"{number:03d} {variable.path}": keras.ops.convert_to_numpy(variable)
        for number, variable in enumerate(_variables(model))
    }
    return {**arrays, "order": np.array([model.order_seed, model.epochs_completed])}


def assert_same_state(expected, found, tolerance=0):
    """Raise an `AssertionError` that names the first variable that differs."""
    for (name, left), right in zip(expected.items(), found.values(), strict=True):
        np.testing.assert_allclose(right, left, rtol=tolerance, atol=tolerance, err_msg=name)


def in_fresh_processes(function, tasks):
    """What a function of a module gives for each task, each in a process of its own, all at the same time.

    The processes are forked from one that has imported TensorFlow and the library and has done nothing else, so that
    none can see what another has left, and begin with random seeds of the operating system's. They optimize graphs and
    run functions eagerly if this one does.
    """
    is_optimized = not tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    options = is_optimized, tf.config.functions_run_eagerly()
    with FRESH.Pool(len(tasks), _begin, options, maxtasksperchild=1) as pool:
        return pool.map_async(function, tasks, chunksize=1).get(timeout=300)


def in_fresh_process(function, task):
    """What a function of a module gives in a fresh process."""
    return in_fresh_processes(function, [task])[0]


def _begin(is_optimized, is_eager):
    faster.optimize_graphs(is_optimized)
    faster.keep_kernels(is_eager)
    tf.config.run_functions_eagerly(is_eager)
    keras.utils.set_random_seed(secrets.randbits(32))


# Which mechanisms a model uses


def mechanisms(model, called=()):
    """The mechanisms of the training engine that a model uses, as a set of names.

    Args:
        model: A compiled model.
        called: Names of the functions of `keras_gen.backend` that its training has called.
    """
    players, description = model.players(), model.data_description
    networks = {id(network) for player in players for network in player.networks}
    found = {f"player: {name}" for player in players for name in _given(player)}
    found |= {f"data: {name}" for name in _given(description) - {"x", "y"}}
    for side, components in (("x", (description.x,)), ("y", description.y_components)):
        found |= {f"{side}: {name}" for one in components for name in _given(one) - {"name", "shape"}}
    owners = [number for number, player in enumerate(players) if player.shared_forward is not None]
    held = {
        "several conditions": description.has_several_y,
        "several players": len(players) > 1,
        "several networks a player": any(len(player.networks) > 1 for player in players),
        "shared forward pass of the first player": owners == [0],
        "shared forward pass of a later player": owners > [0],
        "regularisation": any(network.losses for player in players for network in player.networks),
        "network of no player": any(isinstance(one, keras.Model) and id(one) not in networks for one in model.layers),
        "state of the model": bool(model._non_trainable_variables),
        "metrics of compile": type(model).predicted is not GenerativeModel.predicted,
    }
    found |= {name for name, holds in held.items() if holds}
    for layer in model._flatten_layers(include_self=False):
        found |= _mechanisms_of_layer(layer)
    return found | {f"backend: {name}" for name in called}


def _given(instance):
    """The names of the fields of a dataclass that have another value than their default."""
    fields = [field for field in dataclasses.fields(instance) if field.default is not dataclasses.MISSING]
    return {field.name for field in fields if getattr(instance, field.name) != field.default}


def _mechanisms_of_layer(layer):
    found = set()
    if layer._non_trainable_variables:
        found.add(f"state of a layer: {type(layer).__name__}")
    if layer._seed_generators:
        found.add("draws of a layer by Keras" if _draws_by_keras(layer) else "draws of a layer by the library")
    if isinstance(layer, _CONVOLUTIONS):
        found.add("convolutions")
    if isinstance(layer, (TiedDense, TiedConv2DTranspose)):
        found.add("tied layers")
    return found


@contextlib.contextmanager
def _recorded_backend():
    """A set that is filled with the names of the gradients, draws and kernels of `keras_gen.backend` that are used."""
    called = set()

    def recorded(name, function):
        def call(*args, **kwargs):
            called.add(name)
            return function(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in backend.__all__:
            function = getattr(backend, name)
            if function.__module__.rpartition(".")[2] not in ("cluster", "devices", "execution"):
                patch.setattr(backend, name, recorded(name, function))
        yield called


@contextlib.contextmanager
def optimized_graphs():
    """A list that is filled at the end with the graphs run, as TensorFlow's graph optimizer has left them."""
    graphs, runtime = [], context.context()
    runtime.enable_graph_collection()
    try:
        yield graphs
        graphs += [function.post_optimization_graph for function in runtime.export_run_metadata().function_graphs]
    finally:
        runtime.disable_graph_collection()


# The checks of every model


def _config_comes_back(model):
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()


def _trains_and_measures(model, arrays):
    history = fit(model, arrays, validation_data=arrays)
    assert "loss" in history and all(np.isfinite(values).all() for values in history.values())
    first = evaluate(model, arrays)
    assert first == evaluate(model, arrays)
    assert first == {name.removeprefix("val_"): values[-1] for name, values in history.items() if "val_" in name}
    assert len(model.predict(_inputs(model, arrays), verbose=0)) == len(arrays[0])
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert "Trainable params" in "\n".join(lines)


def _reads_and_updates_are_ordered(graphs):
    """Of a read and an update of one variable one waits for the other: else a run is not the same when it is resumed.

    TensorFlow writes such an order into the graph, and its optimizer can lose it.
    """
    pairs = 0
    for graph in graphs:
        inputs = {node.name: [name.lstrip("^").partition(":")[0] for name in node.input] for node in graph.node}
        of_variables = [node for node in graph.node if node.op in _ON_VARIABLES]
        earlier = {node.name: _ancestors(node.name, inputs) for node in of_variables}
        for one, other in itertools.combinations(of_variables, 2):
            if one.input[0] == other.input[0] and {one.op, other.op} != {"ReadVariableOp"}:
                pairs += 1
                assert one.name in earlier[other.name] or other.name in earlier[one.name], (one.name, other.name)
    assert pairs


def _ancestors(name, inputs):
    """The names of the nodes that run before a node of a graph, given the inputs of each."""
    found, left = set(), [name]
    while left:
        new = set(inputs[left.pop()]) - found
        found |= new
        left += new
    return found


def _inputs(model, arrays):
    """What `predict` takes: of an adversarial model latents, and conditions where it uses them."""
    adversarial = isinstance(model, models.AdversarialModel)
    first = model.draw_latents(len(arrays[0]), seed=0) if adversarial else arrays[0]
    if not isinstance(model, Conditional):
        return first
    known = keras.tree.map_structure(lambda array: np.maximum(array, 0), arrays[1])  # labels of -1 as 0
    return [first, *keras.tree.flatten(known)]


def _players_change_their_own_variables(model, arrays):
    for updated in model.players():
        for player in model.players():
            model.optimizer[player.name].learning_rate = 0.01 if player.name == updated.name else 0.0
        before = {id(variable): keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables}
        fit(model, arrays)
        changed = {
            id(variable)
            for variable in model.trainable_variables
            if not np.array_equal(before[id(variable)], keras.ops.convert_to_numpy(variable))
        }
        assert changed <= {id(variable) for variable in updated.variables}
        assert all(changed & {id(variable) for variable in network.variables} for network in updated.networks)


def _is_finite_in_mixed_precision(make, arrays):
    for policy in ("mixed_bfloat16", "mixed_float16"):
        with _precision(policy):
            model = built(make, rmsprop(), run_eagerly=True)  # one step is sooner made than traced
            assert all(variable.dtype == "float32" for variable in model.trainable_variables)
            (loss,) = fit(model, _first_batch(arrays))["loss"]
        assert np.isfinite(loss), policy
        assert all(np.isfinite(weight).all() for weight in model.get_weights()), policy


@contextlib.contextmanager
def _precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def _first_batch(arrays):
    return rows(arrays, slice(BATCH))


def _resumes_in_a_fresh_process(model, arrays, path):
    model.save(path)
    saved, given = state(model), _given_by_methods(model, arrays)
    _train_on(model, arrays)
    loaded, given_again, resumed = in_fresh_process(_resumed, (path, arrays))
    assert_same_state(saved, loaded)
    assert_same_state(given, given_again)
    assert_same_state(state(model), resumed)


def _resumed(task):
    """In a fresh process: the state after the load, what the methods give, and the state after more epochs."""
    path, arrays = task
    model = load_model(path)
    loaded, given = state(model), _given_by_methods(model, arrays)
    _train_on(model, arrays)
    return loaded, given, state(model)


def _train_on(model, arrays):
    """An epoch on arrays and one on a pipeline."""
    fit(model, arrays, epochs=model.epochs_completed + 1, initial_epoch=model.epochs_completed)
    model.fit(_drawn_pipeline(model, arrays), verbose=0)


def _given_by_methods(model, arrays):
    return {task: np.asarray(_METHODS[task](model, arrays[0][:2])) for task in sorted(model.tasks)}


# The checks of representatives


class _Batches(keras.utils.PyDataset):
    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return -(-len(self.arrays[0]) // BATCH)

    def __getitem__(self, index):
        batch = rows(self.arrays, slice(index * BATCH, (index + 1) * BATCH))
        return batch if len(batch) > 1 else batch[0]


def _kinds_of_data_are_equal(make, arrays):
    """Eagerly, because each kind would be traced anew."""
    anew, arrays = Anew(built(make, rmsprop(), run_eagerly=True)), rows(arrays, slice(BATCH + 4))

    def dataset():
        return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(BATCH)

    fit(anew(), arrays, shuffle=False)
    first, expected = anew.first, state(anew.model)
    assert any(not np.array_equal(first[name], expected[name]) for name in first if name != "order")
    description = anew.model.data_description
    for kind in lambda: pipeline(description, arrays, shuffle=False), dataset, lambda: _Batches(arrays):
        anew().fit(kind(), verbose=0)
        assert_same_state(expected, state(anew.model))


def _works_with_callbacks(anew, arrays, tmp_path):
    checkpoint, model, best = tmp_path / "best.keras", anew(), {}
    callbacks = [
        keras.callbacks.ModelCheckpoint(checkpoint, monitor="val_loss", save_best_only=True, mode="max"),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: float(rate) * 0.5),
        keras.callbacks.TensorBoard(tmp_path / "logs"),
        # No later epoch can be that much better, so that the second is the last and the first comes back
        keras.callbacks.EarlyStopping("val_loss", min_delta=1e9, patience=1, restore_best_weights=True),
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: best.setdefault("weights", model.get_weights())
        ),
    ]
    history = fit(model, arrays, epochs=5, validation_data=arrays, callbacks=callbacks)
    assert len(history["loss"]) == 2
    for left, right in zip(best["weights"], model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    for optimizer in model.optimizer.optimizers:
        assert float(optimizer.learning_rate) == np.float32(0.00025)
    model.load_weights(checkpoint)
    assert evaluate(model, arrays)["loss"] == max(history["val_loss"])
    assert any((tmp_path / "logs").rglob("events*"))
    for optimizer in anew().optimizer.optimizers:
        optimizer.learning_rate = float("nan")
    assert len(fit(anew.model, arrays, epochs=3, callbacks=[keras.callbacks.TerminateOnNaN()])["loss"]) < 3


class _Interruption(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def _backup_restores_everything(anew, arrays, folder):
    fit(anew(), arrays, epochs=2)
    expected = state(anew.model)
    with pytest.raises(KeyboardInterrupt):
        fit(anew(), arrays, epochs=2, callbacks=[keras.callbacks.BackupAndRestore(folder), _Interruption()])
    fit(anew.model, rows(arrays, slice(None, None, -1)))  # whatever the model holds now, the backup goes on
    anew.model.order_seed += 1
    fit(anew.model, arrays, epochs=2, callbacks=[keras.callbacks.BackupAndRestore(folder)])
    assert_same_state(expected, state(anew.model))


def _executions_are_equal(single, several, arrays, tolerance=0):
    """One step or several in an execution; one program of XLA may round otherwise than another."""
    for model in single, several:
        fit(model, arrays)
    assert_same_state(state(single), state(several), tolerance)

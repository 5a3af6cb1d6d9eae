"""What every model of the library keeps to; DESIGN's contract as one function, run over every model and preset."""

import contextlib
import multiprocessing

import keras
import numpy as np
import tensorflow as tf

from keras_gen import data
from keras_gen.saving import load_model
from tests import toy  # noqa: F401  registers the toy model, which a fresh process is to load

BATCH = 8
# Its processes begin after the imports, which take seconds, and before anything is computed
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["tensorflow", "keras"])


def check_model(make, arrays, tmp_path, thorough=True):
    """Check the contract.

    Args:
        make: Callable that builds the model, not compiled; it is called under one seed each time.
        arrays: Tuple (x,), (x, labels) or (x, y) that the model trains on, at least three batches of 8 and one smaller.
        tmp_path: An empty folder.
        thorough: Whether XLA, which takes seconds for a program, also compiles what is the library's own rather than
            the model's: several steps in one program, and a batch of another size.
    """
    _config_comes_back(make)
    _players_move_their_own_variables(make, arrays)
    anew = Anew(built(make, jit_compile=False))
    _executions_change_nothing(anew(), make, arrays)
    if thorough:
        _executions_change_nothing(built(make, jit_compile=True), make, arrays)
    _takes_every_kind_of_data(anew, arrays)
    _works_with_keras_callbacks(anew, arrays, tmp_path)
    _backup_goes_on_where_it_was(anew, make, arrays, tmp_path)
    _is_finite_in_mixed_precision(make, arrays)
    whole = len(arrays[0]) - len(arrays[0]) % BATCH
    _measures_and_resumes(make, arrays if thorough else tuple(array[:whole] for array in arrays), tmp_path)


class Anew:
    """One compiled model that begins anew at every call: to trace the steps of another takes seconds."""

    def __init__(self, model):
        self.model, self._first = model, state(model)

    def __call__(self):
        keras.utils.set_random_seed(3)
        *values, (seed, epochs) = self._first.values()
        for variable, value in zip(_variables(self.model), values, strict=True):
            variable.assign(value)
        self.model.order_seed, self.model.epochs_completed = int(seed), int(epochs)
        return self.model


def built(make, **compile_arguments):
    """The model as a user compiles it, so that dense networks run fused under XLA, unless the check says otherwise."""
    keras.utils.set_random_seed(3)
    model = make()
    model.compile("adam", **compile_arguments)
    return model


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def state(model):
    """Everything that training moves, in order: weights, random states, optimizers, the place in the data."""
    arrays = {
        f"{number:03d} {variable.path}": keras.ops.convert_to_numpy(variable)
        for number, variable in enumerate(_variables(model))
    }
    return {**arrays, "order": np.array([model.order_seed, model.epochs_completed])}


def assert_same_state(a, b):
    assert len(a) == len(b)
    for (name, left), right in zip(a.items(), b.values(), strict=True):
        np.testing.assert_array_equal(left, right, err_msg=name)


def predicted_from(model, arrays):
    """What `predict` takes: of a GAN latents, and labels where it knows any."""
    if not hasattr(model, "generate"):
        return arrays[0]
    z = model.draw_latents(len(arrays[0]), seed=0)
    return [z, arrays[1]] if model.uses_labels else z


def _config_comes_back(make):
    model = make()
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()


def _players_move_their_own_variables(make, arrays):
    model = make()
    model.compile({player.name: keras.optimizers.SGD() for player in model.players()}, jit_compile=False)
    anew = Anew(model)
    for moving in model.players():
        model = anew()
        for player in model.players():
            model.optimizer[player.name].learning_rate = 0.01 if player.name == moving.name else 0.0
        mine = {id(v) for p in model.players() if p.name == moving.name for v in p.variables}
        before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
        model.fit(*(array[:BATCH] for array in arrays), batch_size=BATCH, epochs=5, verbose=0)  # beyond any warm-up
        moved = {
            id(v): not np.array_equal(old, keras.ops.convert_to_numpy(v))
            for v, old in zip(model.trainable_variables, before, strict=True)
        }
        assert all(any(moved[id(v)] for v in network.trainable_variables) for network in moving.networks)
        assert not any(moved[i] for i in moved if i not in mine)


def _executions_change_nothing(single, make, arrays):
    tolerance = 1e-5 if single.jit_compile else 0  # one program of XLA may round otherwise than another
    states = []
    for model in (single, built(make, jit_compile=single.jit_compile, steps_per_execution=3)):
        model.fit(*arrays, batch_size=BATCH, epochs=2, verbose=0)
        states.append(state(model))
    for (name, left), right in zip(states[0].items(), states[1].values(), strict=True):
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance, err_msg=name)


class _Batches(keras.utils.PyDataset):
    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return -(-len(self.arrays[0]) // BATCH)

    def __getitem__(self, index):
        batch = tuple(array[index * BATCH : (index + 1) * BATCH] for array in self.arrays)
        return batch if len(batch) > 1 else batch[0]


def _takes_every_kind_of_data(anew, arrays):
    weights, first = [], anew().get_weights()
    slices = arrays if len(arrays) > 1 else arrays[0]
    for given, options in (
        (arrays, {"batch_size": BATCH, "shuffle": False}),
        ((data.Pipeline(*arrays, batch_size=BATCH, shuffle=False),), {}),
        ((tf.data.Dataset.from_tensor_slices(slices).batch(BATCH),), {}),
        ((_Batches(arrays),), {}),
    ):
        model = anew()
        model.fit(*given, verbose=0, **options)
        weights.append(model.get_weights())
    assert not all(np.array_equal(left, right) for left, right in zip(first, weights[0], strict=True))
    for others in weights[1:]:
        for left, right in zip(weights[0], others, strict=True):
            np.testing.assert_array_equal(left, right)


def _works_with_keras_callbacks(anew, arrays, tmp_path):
    model, path = anew(), tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(path, monitor="val_loss"),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: float(rate) * 0.5),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.TensorBoard(tmp_path / "logs"),
    ]
    model.fit(*arrays, batch_size=BATCH, epochs=2, validation_data=arrays, callbacks=callbacks, verbose=0)
    for optimizer in model.optimizer.optimizers:
        assert float(optimizer.learning_rate) == np.float32(0.00025)
    assert path.exists() and any((tmp_path / "logs").iterdir())


def _is_finite_in_mixed_precision(make, arrays):
    for policy in ("mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = built(make, jit_compile=False)
            assert all(v.dtype == "float32" for v in model.trainable_variables)
            losses = model.fit(*arrays, batch_size=BATCH, epochs=2, verbose=0).history["loss"]
        finally:
            keras.config.set_dtype_policy("float32")
        assert np.isfinite(losses).all(), policy


class _Interruption(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def _backup_goes_on_where_it_was(anew, make, arrays, tmp_path):
    options = {"batch_size": BATCH, "epochs": 4, "verbose": 0}  # under XLA a file resumes bit for bit below
    unbroken = anew()
    unbroken.fit(*arrays, **options)
    expected = state(unbroken)

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "interrupted")

    with contextlib.suppress(KeyboardInterrupt):
        anew().fit(*arrays, callbacks=[backup(), _Interruption()], **options)
    keras.utils.set_random_seed(99)  # another process begins with another seed
    model = make()
    model.compile("adam", jit_compile=False)
    model.fit(*arrays, callbacks=[backup()], **options)
    assert_same_state(expected, state(model))


def own_method(model, arrays):
    """What a method of the model's own gives: it must come back with the file."""
    if hasattr(model, "translate"):
        return model.translate(arrays[0][:2])
    return model.sample(2, seed=0) if hasattr(model, "sample") else model.reconstruct(arrays[0][:2])


def _measures_and_resumes(make, arrays, tmp_path):
    path, kept, answer = tmp_path / "model.keras", tmp_path / "arrays.npz", tmp_path / "answer.npz"
    np.savez(kept, *arrays)
    model, before = built(make), [array.copy() for array in arrays]
    history = model.fit(*arrays, batch_size=BATCH, epochs=2, validation_data=arrays, verbose=0).history
    assert "loss" in history and "val_loss" in history
    assert all(np.isfinite(values).all() for values in history.values())
    first = model.evaluate(*arrays, batch_size=BATCH, verbose=0, return_dict=True)
    assert first == model.evaluate(*arrays, batch_size=BATCH, verbose=0, return_dict=True)
    assert {f"val_{name}" for name in first} < set(history)
    assert first["loss"] == history["val_loss"][-1], "validation inside fit must be evaluate's own"
    assert len(model.predict(predicted_from(model, arrays), verbose=0)) == len(arrays[0])
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert "Trainable params" in "\n".join(lines)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    model.save(path)
    saved, given = state(model), own_method(model, arrays)
    model.fit(*arrays, batch_size=BATCH, epochs=4, initial_epoch=2, verbose=0)
    model.fit(pipeline(arrays), epochs=5, initial_epoch=4, verbose=0)
    process = FRESH.Process(target=_resumed_elsewhere, args=(path, kept, answer))
    process.start()
    process.join(300)
    process.kill()
    assert process.exitcode == 0, "the traceback is in what the test wrote to stderr"
    with np.load(answer) as found:
        np.testing.assert_array_equal(found["given"], given)
        for part, expected in (("loaded/", saved), ("resumed/", state(model))):
            assert_same_state(expected, {name: found[name] for name in found.files if name.startswith(part)})


def pipeline(arrays):
    """A pipeline that draws where it can, so that its random part is resumed too."""
    binarization = "dynamic" if arrays[0].min() >= 0 else None
    return data.Pipeline(*arrays, batch_size=BATCH, seed=5, binarization=binarization)


def _resumed_elsewhere(path, kept, answer):
    """In a fresh process: load, note the state, go on training, note it again."""
    model = load_model(path)
    with np.load(kept) as file:
        arrays = tuple(file[name] for name in file.files)
    found = {f"loaded/{name}": value for name, value in state(model).items()}
    found["given"] = own_method(model, arrays)
    model.fit(*arrays, batch_size=BATCH, epochs=4, initial_epoch=2, verbose=0)
    model.fit(pipeline(arrays), epochs=5, initial_epoch=4, verbose=0)
    found.update({f"resumed/{name}": value for name, value in state(model).items()})
    np.savez(answer, **found)

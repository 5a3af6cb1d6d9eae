import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.sparse import coo_matrix

from keras_gen import data, models, networks
from keras_gen.training import Component, DataDescription
from keras_gen.training.data_adapter import BatchPlan, adapt

SHAPE = (4, 4, 1)
X = np.random.default_rng(0).random((20, *SHAPE)).astype("float32")
CLEAN, LABELS = np.zeros_like(X), np.arange(20) % 10
DESCRIPTION = DataDescription(
    Component("x", SHAPE, (0, 1)), Component("target", SHAPE, (0, 1), optional=True), sample_weight=True
)


class Batches(keras.utils.PyDataset):
    """Batches of five of arrays that go together."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return tuple(array[5 * index : 5 * index + 5] for array in self.arrays)


def dataset(*arrays):
    return tf.data.Dataset.from_tensor_slices(arrays).batch(5)


def generator(*arrays):
    return (tuple(array[start : start + 5] for array in arrays) for start in range(0, 20, 5))


def endless(*arrays):
    while True:
        yield from generator(*arrays)


def autoencoder(**options):
    keras.utils.set_random_seed(0)
    model = models.Autoencoder(*networks.mlp_autoencoder([SHAPE, 3], "tanh"), **options)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    return model


def squared(x, target):
    """The reconstruction loss of an autoencoder whose weights stay."""
    return float(np.square(autoencoder().reconstruct(x) - target).sum(axis=(1, 2, 3)).mean())


PAIRS = {
    "arrays": lambda: {"x": X, "y": CLEAN},
    "a tuple": lambda: {"x": (X, CLEAN)},
    "a pipeline": lambda: {"x": data.Pipeline(X, CLEAN, batch_size=5)},
    "tf.data": lambda: {"x": dataset(X, CLEAN)},
    "a PyDataset": lambda: {"x": Batches(X, CLEAN)},
    "a generator": lambda: {"x": generator(X, CLEAN), "steps_per_epoch": 4},
}


@pytest.mark.parametrize("kind", PAIRS)
def test_a_y_of_the_examples_shape_is_the_target(kind):
    given = PAIRS[kind]()
    options = {"batch_size": 5} if kind in ("arrays", "a tuple") else {}
    history = autoencoder().fit(**given, **options, verbose=0).history
    assert history["loss"][0] == pytest.approx(squared(X, CLEAN), rel=1e-5)


@pytest.mark.parametrize("make", [lambda: (X, CLEAN), lambda: dataset(X, CLEAN), lambda: Batches(X, CLEAN)])
def test_targets_reach_validation_and_evaluation(make):
    model, given = autoencoder(), make()
    expected = pytest.approx(squared(X, CLEAN), rel=1e-5)
    assert model.fit(X, validation_data=given, verbose=0).history["val_loss"][0] == expected
    assert model.evaluate(given, verbose=0, return_dict=True)["loss"] == expected


def with_last(array, value):
    changed = array.copy()
    changed[-1] = value
    return changed


@pytest.mark.parametrize(
    ("x", "labels", "name"),
    [
        (with_last(X, 255.0), LABELS, "x"),
        (with_last(X, np.nan), LABELS, "x"),
        (with_last(X, np.inf), LABELS, "x"),
        (X, with_last(LABELS, 99), "labels"),
    ],
)
@pytest.mark.parametrize("make", [dataset, Batches, generator])
def test_every_batch_is_looked_at(make, x, labels, name):
    """And not the first alone."""
    description = DataDescription(Component("x", SHAPE, (0, 1)), Component("labels", (), num_classes=10))
    batches = adapt(description, make(x, labels), steps=4).data
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=f"`{name}` .*(out of range|must be)"):
        list(map(batches.__getitem__, range(4)) if make is Batches else batches)


def test_a_dataset_without_an_end_needs_a_number_of_batches():
    class Endless(Batches):
        num_batches = None

    for data_without_end in (dataset(X, CLEAN).repeat(), Endless(X, CLEAN)):
        with pytest.raises(ValueError, match="The dataset has no end. Expected: `steps_per_epoch`"):
            autoencoder().fit(data_without_end, verbose=0)
        with pytest.raises(ValueError, match="The dataset has no end. Expected: `steps`"):
            autoencoder().evaluate(data_without_end, verbose=0)


def test_x_as_its_own_target_and_labels_change_nothing():
    losses = [autoencoder().fit(X, y, verbose=0).history["loss"] for y in (None, X, LABELS, LABELS[:, None])]
    assert losses[0] == losses[1] == losses[2] == losses[3]


@pytest.mark.compiled
def test_denoising_towards_clean_targets_beats_noisy_ones():
    """Keras's denoising idiom on 8x8 digits: noise of deviation .3, measured against the clean test images."""
    train, test = data.load("digits")
    rng = np.random.default_rng(0)
    noisy, noisy_test = (part.x + rng.normal(0, 0.3, part.x.shape).astype("float32") for part in (train, test))
    errors = []
    for target in (train.x, noisy):
        keras.utils.set_random_seed(0)
        model = models.Autoencoder(*networks.mlp_autoencoder([(8, 8, 1), 64, 32]))
        model.compile("adam", jit_compile=False, steps_per_execution=45)
        model.fit(noisy, target, batch_size=32, epochs=25, verbose=0)
        errors.append(np.square(model.reconstruct(noisy_test) - test.x).sum(axis=(1, 2, 3)).mean())
    assert errors[0] < 1.8 < 3.0 < errors[1]


def test_weights_of_examples_multiply_their_losses():
    weights = np.where(np.arange(20) < 5, 2.0, 0.0)
    expected = pytest.approx(2 * squared(X[:5], X[:5]) * 5 / 20, rel=1e-5)
    model = autoencoder()
    assert model.evaluate(X, sample_weight=weights, verbose=0, return_dict=True)["loss"] == expected
    assert model.fit(X, sample_weight=weights, verbose=0).history["loss"][0] == expected
    assert model.fit((X, X, weights), validation_data=(X, X, weights), verbose=0).history["val_loss"][0] == expected
    assert model.evaluate(dataset(X, X, weights), verbose=0, return_dict=True)["loss"] == expected


def test_weights_of_classes_are_those_of_their_examples():
    model = models.Classifier(networks.lenet5((8, 8, 1), 10))
    model.compile(keras.optimizers.SGD(0.0))
    x = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")
    by_class = model.fit(x, LABELS, class_weight={3: 5.0, 4: 0.0}, verbose=0).history["loss"]
    weights = np.where(LABELS == 3, 5.0, np.where(LABELS == 4, 0.0, 1.0))
    assert by_class == pytest.approx(model.fit(x, LABELS, sample_weight=weights, verbose=0).history["loss"], rel=1e-5)
    with pytest.raises(ValueError, match=r"must be a dict from a class to a weight. Received: \[1, 2\]"):
        model.fit(x, LABELS, class_weight=[1, 2], verbose=0)
    with pytest.raises(ValueError, match="`class_weight` needs a model of labels, and no `sample_weight`"):
        model.fit(x, LABELS, class_weight={3: 5.0}, sample_weight=weights, verbose=0)


def test_weights_of_classes_need_a_loss_of_each_example():
    conditional = DataDescription(Component("x", SHAPE), Component("labels", (), num_classes=10))
    message = "`class_weight` needs a model of labels.* with a loss of each example.* class_weight={3: 5.0}, x, labels"
    with pytest.raises(ValueError, match=message):
        adapt(conditional, X, LABELS, class_weight={3: 5.0})


def test_every_kind_of_array_is_the_same_array():
    flat = DataDescription(Component("x", (16,), (0, 1)))
    rows, expected = X.reshape(20, 16), X.reshape(20, 16)
    for given in (rows, tf.constant(rows), rows.tolist(), list(rows), coo_matrix(rows), {"x": rows}, {"image": rows}):
        (batch,) = adapt(flat, given, batch_size=20).data
        np.testing.assert_array_equal(batch["x"] if isinstance(batch, dict) else batch, expected)


def test_a_list_may_hold_x_and_labels_in_any_form_of_arrays():
    flat, rows = DataDescription(Component("x", (16,)), Component("labels", (), num_classes=10)), X.reshape(20, 16)
    for given in (rows, rows.tolist(), coo_matrix(rows)):
        ((x, labels),) = adapt(flat, [given, LABELS], batch_size=20).data
        np.testing.assert_array_equal(x, rows)
        np.testing.assert_array_equal(labels, LABELS)


def test_dictionaries_of_datasets_are_read_by_their_keys():
    examples = {"image": X, "label": LABELS, "id": np.array(["a"] * 20)}
    batches = tf.data.Dataset.from_tensor_slices(examples).batch(5)
    assert autoencoder().evaluate(batches, verbose=0) == autoencoder().evaluate(X, batch_size=5, verbose=0)
    with pytest.raises(ValueError, match=r"must hold `x`.* Received: \['picture'\]"):
        autoencoder().fit(tf.data.Dataset.from_tensor_slices({"picture": X}).batch(5), verbose=0)


def test_a_generator_may_validate_for_a_number_of_steps():
    """Keras gives the first batch of a generator again in every epoch; the second may be any later one."""
    history = autoencoder().fit(X, epochs=2, validation_data=endless(X), validation_steps=1, verbose=0).history
    assert history["val_loss"] == pytest.approx([squared(X[:5], X[:5])] * 2, rel=1e-5)
    drawn = []
    generator_of_ten = (drawn.append(number) or (X,) for number in range(10))
    autoencoder().fit(X, validation_data=generator_of_ten, validation_steps=4, verbose=0)
    assert 4 <= len(drawn) <= 10


def test_arrays_are_scanned_once(monkeypatch):
    scans = []
    least = np.min
    monkeypatch.setattr(np, "min", lambda array, **options: scans.append(array.shape) or least(array, **options))
    adapt(DESCRIPTION, X, batch_size=5, plan=BatchPlan(seed=0, updates=1))
    assert scans == [X.shape]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [X, X, X, X]}, "list of examples of one shape. .* Received: a list of 4 with shapes"),
        ({"x": "digits"}, "`x` must be an array.*Expected: numpy, a tensor.*Received: str"),
        ({"x": 5}, "`x` must hold at least one example. Received: x of shape"),
        ({"x": object()}, "Received: object"),
        ({"x": X, "y": "labels"}, "`y` must be an array.* Received: str"),
        ({"x": X[0]}, r"Expected: shape \(n, 4, 4, 1\). Received: shape \(4, 4, 1\). It has no batch axis"),
        ({"x": X, "y": X[:5]}, "`y` must have a row for each example. Expected: 20. Received: 5"),
        ({"x": X, "y": LABELS[:5]}, "`y` must have a row for each example. Expected: 20. Received: 5"),
        ({"x": X, "y": 2 * X}, r"`target` is out of range. Expected: values in \[0, 1\]"),
        (
            {"x": dataset(X), "y": X},
            "`y` can be given for arrays only.* a .*Dataset that was made with it. Received: y=an array",
        ),
        ({"x": data.Pipeline(2 * X)}, r"`x` is out of range. Expected: values in \[0, 1\]"),
        ({"x": tf.data.Dataset.from_tensor_slices(X)}, "It has no batch axis"),
        ({"x": (X, X), "y": X}, "`x` must be one array. Received: a tuple of 2 and a y"),
        ({"x": X, "sample_weight": np.ones((20, 5))}, r"one number for each example.* Received: shape \(20, 5\)"),
        ({"x": X, "sample_weight": np.full(20, np.nan)}, "`sample_weight` must be finite"),
        ({"x": X, "sample_weight": 2.0}, r"one number for each example.* Received: shape \(\)"),
    ],
)
def test_data_that_do_not_fit_are_refused_by_one_function(given, message):
    with pytest.raises(ValueError, match=message):
        adapt(DESCRIPTION, **given, plan=BatchPlan(seed=0, updates=1))


def test_a_generators_later_batches_are_checked_too():
    batches = adapt(DESCRIPTION, generator(np.concatenate([X[:10], 3 * X[10:]]))).data
    with pytest.raises(ValueError, match="`x` is out of range"):
        list(batches)


def test_a_generators_batches_may_be_bare_arrays_and_must_hold_an_example_for_each_update():
    plan = BatchPlan(seed=0, updates=4)
    (batch,) = adapt(DESCRIPTION, (x for x in [X]), plan=plan).data
    np.testing.assert_array_equal(*batch, X)
    with pytest.raises(ValueError, match="batch_size >= 4"):
        list(adapt(DESCRIPTION, (x for x in [X, X[:2]]), plan=plan).data)


def test_integers_of_the_examples_shape_are_targets():
    numbers = np.arange(6)[:, None]
    pair = Component("x", (1,)), Component("target", (1,), optional=True)
    assert DataDescription(*pair).parts((numbers, 2 * numbers))["target"] is not None


@pytest.mark.parametrize("shape", [(None,), ()])
def test_integers_are_labels_where_examples_of_any_length_or_single_numbers_are_taken(shape):
    labels = np.arange(6) if shape == () else np.arange(6)[:, None]
    pair = Component("x", shape), Component("target", shape, optional=True)
    assert DataDescription(*pair).parts((np.ones((6, 5)), labels)).keys() == {"x"}


def test_validation_data_need_not_fill_the_range():
    model = models.GAN(networks.mlp_generator(2, (), (3,)), networks.mlp_discriminator((3,), ()), 2)
    model.compile("sgd")
    model.fit(2 * X.reshape(20, 16)[:, :3] - 1, validation_data=np.full((1, 3), 0.2), verbose=0)


def test_tensors_are_batches_as_arrays_are():
    tensor = tf.constant(X)
    for method in ("train_on_batch", "test_on_batch", "encode", "reconstruct"):
        np.testing.assert_array_equal(getattr(autoencoder(), method)(tensor), getattr(autoencoder(), method)(X))
    (batch,) = dataset(X, CLEAN).rebatch(20)
    assert autoencoder().train_on_batch(*batch) == autoencoder().train_on_batch(X, CLEAN)


def test_train_on_batch_checks_as_fit_does():
    for call in (autoencoder().train_on_batch, autoencoder().test_on_batch):
        with pytest.raises(ValueError, match=r"`x` is out of range|does not fit"):
            call(X[:, :3])
        with pytest.raises(ValueError, match="one number for each example"):
            call(X, sample_weight=2.0)
    model = models.GAN(networks.mlp_generator(2, (), SHAPE), networks.mlp_discriminator(SHAPE, ()), 2)
    model.compile("sgd", jit_compile=False)
    with pytest.raises(ValueError, match=r"Expected: values in \[-1, 1\]"):
        model.train_on_batch(5 * X)

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend, data, layers, load_model, models, networks
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES
from tests.training.test_forward_pass import Counting

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(-1, 1, (6, 8, 8, 1)).astype("float32"), RNG.uniform(-1, 1, (4, 8, 8, 3)).astype("float32")


def generator(inputs, outputs, name, *more):
    last = keras.layers.Conv2D(outputs, 3, padding="same", activation="tanh")
    return keras.Sequential([keras.Input((8, 8, inputs)), *more, last], name=name)


def judge(channels, name, *more):
    return keras.Sequential([keras.Input((8, 8, channels)), *more, keras.layers.Conv2D(1, 3)], name=name)


def cyclegan(channels=(1, 3), counters=(None,) * 4, **options):
    more = [[] if counter is None else [counter] for counter in counters]
    x, y = channels
    built = (
        generator(x, y, "xy", *more[0]),
        generator(y, x, "yx", *more[1]),
        judge(x, "dx", *more[2]),
        judge(y, "dy", *more[3]),
    )
    return models.CycleGAN(*built, **options)


@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_each_network_runs_as_often_as_the_mathematics_needs(identity):
    """G makes G(x), which is judged and handed on, and G(F(y)); a discriminator judges one translation for the
    generators, and a real image and a translation for itself."""
    counters = [Counting() for _ in range(4)]
    model = cyclegan((3, 3), counters, identity_weight=identity)
    model.compile("sgd", run_eagerly=True)
    for counter in counters:
        counter.runs = 0
    model.train_step((ops.convert_to_tensor(Y), ops.convert_to_tensor(Y)))
    assert [counter.runs for counter in counters] == [2 + (identity > 0)] * 2 + [3, 3]


@pytest.mark.parametrize("adversarial_loss", ["least_squares", "minimax"])
@pytest.mark.parametrize("identity", [0.0, 2.0])
def test_one_step_is_that_of_the_plain_way(adversarial_loss, identity):
    """The generators by the whole loss, tape by tape; then the discriminators by the translations made before."""
    model = cyclegan((3, 3), adversarial_loss=adversarial_loss, identity_weight=identity, cycle_weight=3.0)
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    names = ("generator_xy", "generator_yx", "discriminator_x", "discriminator_y")
    g, f, dx, dy = (keras.models.clone_model(getattr(model, name)) for name in names)
    for network, name in zip((g, f, dx, dy), names, strict=True):
        network.set_weights(getattr(model, name).get_weights())
    x, y = Y[:2], Y[2:]
    model.fit(x, y, batch_size=2, verbose=0)
    judge_loss, maker_loss = ADVERSARIAL_LOSSES[adversarial_loss]

    def descend(loss, *parts):
        weights = [weight for network in parts for weight in network.trainable_weights]
        with tf.GradientTape() as tape:
            value = loss()
        for weight, slope in zip(weights, tape.gradient(value, weights), strict=True):
            weight.assign_sub(0.1 * slope)

    def distance(a, b):
        return ops.mean(ops.abs(a - b))

    def whole():
        fake_y, fake_x = g(x), f(y)
        total = maker_loss(dy(fake_y)) + maker_loss(dx(fake_x))
        total += 3.0 * (distance(f(fake_y), x) + distance(g(fake_x), y))
        return total + identity * (distance(g(y), y) + distance(f(x), x))

    fake_y, fake_x = g(x), f(y)
    descend(whole, g, f)
    descend(lambda: (judge_loss(dx(x), dx(fake_x)) + judge_loss(dy(y), dy(fake_y))) / 2, dx, dy)
    for network, name in zip((g, f, dx, dy), names, strict=True):
        for expected, found in zip(network.get_weights(), getattr(model, name).get_weights(), strict=True):
            np.testing.assert_allclose(found, expected, atol=2e-5)


def test_the_operations_of_a_step_are_those_of_the_formula():
    """Twelve passes of a generator, four of them without the gradient of an image that nobody moves; sixteen of a
    discriminator, of which those that move it need none of the image either."""
    model = cyclegan((3, 3))
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    step = tf.function(model.train_step).get_concrete_function(
        (tf.TensorSpec((2, 8, 8, 3)), tf.TensorSpec((2, 8, 8, 3)))
    )
    kinds = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")
    found, seen = dict.fromkeys(kinds, 0), set()
    waiting = [tensor.op for tensor in step.graph.outputs] + list(step.graph.control_outputs)
    while waiting:  # what nothing waits for, TensorFlow does not run
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        waiting += [tensor.op for tensor in node.inputs] + list(node.control_inputs)
        if node.type in kinds:
            found[node.type] += 1
    # One convolution a network: G and F run on 2 images each, are moved by all 4 passes, and pass on 2 gradients
    generators, judges = (4, 2, 4), (2 + 4, 2, 4)
    assert tuple(found.values()) == tuple(sum(pair) for pair in zip(generators, judges, strict=True))


def test_what_is_logged_is_what_the_formulas_give():
    model = cyclegan(cycle_weight=7.0, pool_size=0)
    batch, fake_y, fake_x = {"x": X[:4], "y": Y}, model.translate(X[:4], to="y"), model.translate(Y, to="x")
    found = {name: float(value) for name, value in model.generators_losses(batch, (fake_x, fake_y), False).items()}
    cycle = np.abs(model.cycle(X[:4]) - X[:4]).mean() + np.abs(model.cycle(Y, via="x") - Y).mean()
    assert found["cycle"] == pytest.approx(cycle, rel=1e-5) and found["identity"] == 0
    adversarial = sum(float(np.mean(np.square(judge(fake) - 1))) for judge, fake in (
        (model.discriminator_x, fake_x), (model.discriminator_y, fake_y)))  # fmt: skip
    assert found["generators_loss"] == pytest.approx(adversarial + 7 * cycle, rel=1e-5)
    judged = float(model.discriminators_losses(batch, (fake_x, fake_y), False)["discriminators_loss"])
    parts = ((model.discriminator_x, X[:4], fake_x), (model.discriminator_y, Y, fake_y))
    expected = [np.mean(np.square(judge(real) - 1)) + np.mean(np.square(judge(fake))) for judge, real, fake in parts]
    assert judged == pytest.approx(sum(map(float, expected)) / 2, rel=1e-5), "halved, as published"


@pytest.mark.compiled
def test_two_sets_of_any_sizes_fill_the_pools_and_evaluation_leaves_them_alone():
    model = cyclegan(pool_size=5)
    model.compile("adam", jit_compile=False)
    history = model.fit(X, Y, batch_size=1, epochs=2, validation_data=(X, Y), verbose=0).history
    assert set(history) == {
        prefix + name
        for prefix in ("", "val_")
        for name in ("loss", "generators_loss", "cycle", "identity", "discriminators_loss")
    }
    assert int(model.pool_x.stored) == int(model.pool_y.stored) == 5
    before = model.get_weights()
    assert model.evaluate(X, Y, verbose=0) == model.evaluate((X, Y), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_discriminators_judge_what_the_pools_hand_out(monkeypatch):
    model = cyclegan(pool_size=2)
    for pool, images in ((model.pool_x, X[:2]), (model.pool_y, Y[:2])):
        pool.images.assign(images)
        pool.stored.assign(2)
    monkeypatch.setattr(backend, "uniform", lambda shape, seed: ops.zeros(shape))  # each draw is an exchange
    real, made = {"x": X[2:4], "y": Y[2:4]}, (0 * X[:2], 0 * Y[:2])
    found = model.discriminators_losses(real, made, training=True)["discriminators_loss"]
    expected = model.discriminators_losses(real, (X[:2], Y[:2]), training=False)["discriminators_loss"]
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert not np.any(model.pool_x.images) and not np.any(model.pool_y.images), "what was made took their places"


def test_every_way_to_give_two_sets_is_the_same():
    weights = []
    x = X[:4]
    pairs = tf.data.Dataset.from_tensor_slices((x, Y)).batch(2)
    for given in ((x, Y), ((x, Y),), (pairs,), (data.unpaired(x, Y, batch_size=2, shuffle=False),)):
        keras.utils.set_random_seed(0)
        model = cyclegan()
        model.compile("adam", jit_compile=False)
        plain = {} if len(given) == 1 and not isinstance(given[0], tuple) else {"batch_size": 2, "shuffle": False}
        model.fit(*given, verbose=0, validation_data=given if len(given) == 2 else given[0], **plain)
        weights.append(model.get_weights())
    for others in weights[1:]:
        for left, right in zip(weights[0], others, strict=True):
            np.testing.assert_array_equal(left, right)


def test_translations_come_back_with_the_file(tmp_path):
    model = cyclegan()
    model.compile("adam", jit_compile=False)
    model.fit(X, Y, batch_size=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.translate(X), model.translate(X))
    np.testing.assert_array_equal(again.cycle(Y, via="x"), model.cycle(Y, via="x"))
    np.testing.assert_array_equal(again.pool_x.images, model.pool_x.images)
    np.testing.assert_allclose(model.predict(X, verbose=0), model.translate(X), atol=1e-6)


def test_a_validation_split_takes_its_part_of_each_set():
    model = cyclegan(pool_size=3)
    model.compile("sgd", jit_compile=False)
    assert "val_cycle" in model.fit(X, Y, batch_size=1, validation_split=0.5, verbose=0).history
    assert int(model.pool_x.stored) == 3


G, F, DX, DY = generator(1, 3, "g"), generator(3, 1, "f"), judge(1, "jx"), judge(3, "jy")
H = generator(3, 3, "h")
S = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
TWO = networks.mlp_encoder((8, 8, 1), (), 2)  # outputs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.CycleGAN(F, F, DX, DY), "needs four different networks. Received: one network several times"),
        (lambda: models.CycleGAN(F, G, DX, DY), r"images of x.* \(8, 8, 3\). Received: \(8, 8, 1\); are x and y"),
        (lambda: models.CycleGAN(G, F, DY, DX), r"`discriminator_x` must take images of x, .* are x and y swapped"),
        (lambda: models.CycleGAN(G, H, DX, DY), r"must map y back to x. Expected: \(8, 8, 3\) to \(8, 8, 1\)"),
        (lambda: models.CycleGAN(G, F, DX, generator(3, 3, "h")), "`discriminator_y` must end in logits.*'tanh'"),
        (lambda: models.CycleGAN(TWO, F, DX, DY), "`generator_xy` must map one tensor to one"),
        (lambda: models.CycleGAN(G, S, DX, DY), r"the same range of values.* Received: ranges \(-1, 1\) and \(0, 1\)"),
        (lambda: models.CycleGAN(G, F, DX, DY, identity_weight=1.0), "`identity_weight` needs x and y of equal shape"),
        (lambda: models.CycleGAN(G, F, DX, DY, adversarial_loss="l2"), "Unknown adversarial_loss"),
        (lambda: models.CycleGAN(G, F, DX, DY, cycle_weight=-1), "`cycle_weight` must be a finite number >= 0"),
        (lambda: models.CycleGAN(G, F, DX, DY, pool_size=-1), "`pool_size` must be an integer >= 0"),
        (lambda: models.CycleGAN(*of_any_size()), r"a fixed height and width, or `pool_size=0`.* \(None, None, 3\)"),
        (lambda: fitted(127.5 * (X + 1), Y), r"Pixels of 0 to 255 are scaled by x / 127.5 - 1"),
        (lambda: fitted(data.unpaired(X, Y), batch_size=8), "`batch_size` can be given for arrays only. Expected"),
        (lambda: fitted(X), r"needs y. Expected: fit\(x, y\). Received: x alone"),
        (lambda: fitted(X, X), r"`y` does not fit the network. Expected: shape \(n, 8, 8, 3\)"),
        (lambda: fitted(np.where(X > 0.9, np.nan, X), Y), "`x` must be finite"),
        (lambda: fitted(3 * X, Y), r"Expected: values in \[-1, 1\]"),
        (lambda: fitted(X, np.abs(Y)), "`y` does not reach below 0, but the generator does"),
        (lambda: fitted(tf.data.Dataset.from_tensor_slices(X).batch(2)), "needs y. Expected: fit"),
        (lambda: models.CycleGAN(G, F, DX, DY).translate(X, to="z"), "Unknown to. Expected"),
        (lambda: models.CycleGAN(G, F, DX, DY).translate(X, to="x"), r"Expected: shape \(n, None, None, 3\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def fitted(*given, **options):
    model = models.CycleGAN(G, F, DX, DY)
    model.compile("sgd", jit_compile=False)
    model.fit(*given, verbose=0, **options)


def of_any_size():
    for name, activation in (("g", "tanh"), ("f", "tanh"), ("dx", None), ("dy", None)):
        layer = keras.layers.Conv2D(3, 3, padding="same", activation=activation)
        yield keras.Sequential([keras.Input((None, None, 3)), layer], name=name)


def test_without_a_pool_images_may_be_of_any_size():
    model, rng = models.CycleGAN(*of_any_size(), pool_size=0), np.random.default_rng(0)
    model.compile("sgd", jit_compile=False)
    images = [rng.uniform(-1, 1, (2, *sides, 3)).astype("float32") for sides in ((8, 8), (6, 10), (12, 4))]
    model.fit(*images[:2], verbose=0)
    assert model.translate(images[2]).shape == (2, 12, 4, 3)


def test_one_bright_image_at_the_start_is_no_reason_to_refuse():
    bright = np.concatenate([np.abs(Y), Y])
    fitted(data.unpaired(X, bright, shuffle=False, steps=1))
    with pytest.raises(ValueError, match="`y` does not reach below 0"):
        fitted(data.unpaired(X, np.abs(Y), shuffle=False, steps=1))


@pytest.mark.compiled
def test_xla_trains_as_the_plain_step_does():
    """Pull-back, a pool that fills, convolutions and a normalisation, one image a side."""
    states = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        normalizations = [layers.InstanceNormalization() for _ in range(4)]
        model = cyclegan((3, 3), normalizations, identity_weight=1.0, pool_size=50)
        model.compile(keras.optimizers.SGD(1e-2), jit_compile=jit_compile)
        history = model.fit(Y[:2], Y[2:], batch_size=1, epochs=2, verbose=0).history
        states.append([*model.get_weights(), *history.values()])
    for left, right in zip(*states, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-3, atol=1e-4)


def test_every_image_of_a_pipeline_is_in_range_before_training():
    late = np.concatenate([X[:5], 3 * X[5:]])
    with pytest.raises(ValueError, match=r"`x` is out of range. Expected: values in \[-1, 1\]"):
        fitted(data.unpaired(late, Y, shuffle=False))


@pytest.mark.compiled
def test_crops_of_arrays_stay_in_range():
    stripes = np.tile(np.repeat([1.0, -1.0], 4), (6, 8, 1))[..., None]
    pairs = data.unpaired(stripes, np.broadcast_to(Y[:1], Y.shape), augment=True)
    assert all(np.abs(part.numpy()).max() <= 1 for parts in pairs.dataset() for part in parts)
    fitted(pairs)


@pytest.mark.parametrize("given", [lambda: (Y, X), lambda: (data.unpaired(Y, X),)])
def test_swapped_images_are_reported(given):
    with pytest.raises(ValueError, match=r"`x` and `y` are swapped. Expected: .* \(8, 8, 1\) and \(8, 8, 3\)"):
        fitted(*given())


def test_generators_of_convolutions_translate_images_of_any_size_that_they_give_back():
    published = [networks.resnet_generator((8, 8, 3), filters=2, blocks=1, name=way) for way in ("xy", "yx")]
    judges = [networks.patchgan_discriminator((8, 8, 3), 2, downsamplings=1, name=side) for side in ("x", "y")]
    model = models.CycleGAN(*published, *judges)
    large = RNG.uniform(-1, 1, (2, 12, 20, 3)).astype("float32")
    assert model.translate(large).shape == model.cycle(large).shape == large.shape
    with pytest.raises(ValueError, match=r"Expected: sides that are multiples of 4. Received: \(10, 8\)"):
        model.translate(large[:, :10, :8])
    free = [networks.resnet_generator((None, None, 3), filters=2, blocks=1, name=way) for way in ("xy", "yx")]
    judges = [networks.patchgan_discriminator((None, None, 3), 2, downsamplings=1, name=side) for side in ("x", "y")]
    model = models.CycleGAN(*free, *judges, pool_size=0)
    assert model.translate(large).shape == large.shape
    with pytest.raises(ValueError, match=r"Expected: sides that are multiples of 4. Received: \(10, 8\)"):
        model.translate(large[:, :10, :8])

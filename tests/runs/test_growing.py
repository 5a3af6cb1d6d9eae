import keras
import numpy as np
import pytest

from keras_gen import load_model, models, networks, runs
from keras_gen.runs.growing import averaged

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (12, 16, 16, 1)).astype("float32")


def build(stage, shape=(16, 16, 1), **options):
    generator = networks.progressive_generator(3, shape, stage, (5, 4, 3), **options)
    return {
        "generator": generator,
        "discriminator": networks.progressive_discriminator(shape, stage, (5, 4, 3), **options),
    }


def build_smaller(stage):
    return build(stage, (8, 8, 1))


def first(stage=0):
    keras.utils.set_random_seed(1)
    model = models.GAN(**build(stage), latent_dim=3, ema=0.9)
    model.compile(keras.optimizers.Adam(1e-2, beta_1=0.0, beta_2=0.99), jit_compile=False)
    return model


class Seen(keras.callbacks.Callback):
    """The side of the images and alpha at the end of each epoch."""

    def __init__(self, path=None, stop_after=None):
        super().__init__()
        self.path, self.stop_after, self.epochs = path, stop_after, []

    def on_epoch_end(self, epoch, logs=None):
        fade = [layer for layer in self.model.generator.layers if layer.name.endswith("fade")]
        self.epochs.append((self.model.example_shape[0], *(float(one.alpha) for one in fade)))
        if len(self.epochs) == self.stop_after:
            self.model.save(self.path)
            raise KeyboardInterrupt


def grow(model, seen, build=build, x=X, **options):
    options = {"epochs": 2, "fade_epochs": 1.5, "batch_size": 6, "verbose": 0, **options}
    return runs.grow(model, build, x, callbacks=[seen], **options)


def assert_same(expected, found):
    for one, other in ((expected, found), (expected.optimizer, found.optimizer)):
        for left, right in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(left, right)


def test_every_stage_trains_for_its_epochs_and_fades_in_the_first_of_them():
    seen = Seen()
    model, histories = grow(first(), seen)
    assert seen.epochs == [(4,), (4,), (8, pytest.approx(2 / 3)), (8, 1.0), (16, pytest.approx(2 / 3)), (16, 1.0)]
    assert [len(history["loss"]) for history in histories] == [2, 2, 2]
    assert model.example_shape == (16, 16, 1) and model.epochs_completed == 6 and int(model.steps_done) == 12
    assert {int(optimizer.iterations) for optimizer in model.optimizer.optimizers} == {12}


def test_a_run_that_is_killed_in_any_stage_goes_on_to_the_bit(tmp_path):
    """Within the first stage, at its end, and within the fade of the second."""
    whole, _ = grow(first(), unbroken := Seen(), build_smaller, X[:, :8, :8])
    for stop_after in (1, 2, 3):
        seen, rest = Seen(tmp_path / "model.keras", stop_after), Seen()
        with pytest.raises(KeyboardInterrupt):
            grow(first(), seen, build_smaller, X[:, :8, :8])
        keras.utils.set_random_seed(77)  # another process begins with another random state
        again, _ = grow(load_model(tmp_path / "model.keras"), rest, build_smaller, X[:, :8, :8])
        assert seen.epochs + rest.epochs == unbroken.epochs
        assert_same(whole, again)


def test_a_model_may_begin_at_a_later_stage_and_one_that_is_trained_is_returned():
    seen = Seen()
    model = first(2)
    found, _ = grow(model, seen, epochs=1, fade_epochs=0)
    assert found is model and seen.epochs == [(16, 1.0)]
    found, histories = grow(model, seen, epochs=1, fade_epochs=0)
    assert histories == [] or len(seen.epochs) == 2


def test_images_are_averaged_in_blocks():
    x = np.arange(2 * 4 * 6).reshape(2, 4, 6, 1)
    found = averaged(x, (2, 2, 1))
    assert found.dtype == "float32" and found.shape == (2, 2, 2, 1)
    assert found[1, 1, 0, 0] == x[1, 2:, :3].mean()
    np.testing.assert_array_equal(averaged(X, (16, 16, 1)), X)


def test_labels_go_on_with_the_images():
    def conditional(stage):
        return build(stage, num_classes=3)

    model = models.ConditionalGAN(**conditional(1), latent_dim=3, num_classes=3)
    model.compile()
    options = {"epochs": 1, "fade_epochs": 1, "batch_size": 6, "verbose": 0}
    grown, _ = runs.grow(model, conditional, X, np.arange(12) % 3, **options)
    assert grown.sample(6, labels=np.arange(6) % 3).shape == (6, 16, 16, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fade_epochs": -1}, "`fade_epochs` must be a finite number >= 0.0. Received: fade_epochs=-1"),
        ({"fade_epochs": 3}, "`fade_epochs` must leave a fade within its stage. Expected: at most epochs=2"),
        ({"epochs": 0}, "`epochs` must be an integer >= 1. Received: epochs=0"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        grow(first(), Seen(), **options)


def test_data_that_do_not_fit():
    options = {"epochs": 1, "fade_epochs": 1}
    with pytest.raises(ValueError, match=r"not beyond the data's size. Expected: one of \[\(4, 4, 1\), \(8, 8, 1\)\]"):
        runs.grow(first(2), build, X[:, :8, :8], **options)
    with pytest.raises(ValueError, match="`x` must be images"):
        runs.grow(first(), build, X[..., 0], **options)
    with pytest.raises(ValueError, match="`x`"):
        runs.grow(first(), build, 3 * X, **options)

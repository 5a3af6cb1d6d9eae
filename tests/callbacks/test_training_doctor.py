import copy
import math
import random

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import callbacks, data, metrics, models, networks, presets
from keras_gen.callbacks.training_doctor import Diagnosis
from keras_gen.training.compilation import compiled_for
from tests.toy import TwoPlayers

SHAPE, COLLAPSE = (8, 8, 1), "collapsed generator"
X = np.array(data.load("digits")[0].x[:512])
Y = np.array(data.load("digits")[0].y[:512])
CENTRES = 2 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
RING = (CENTRES[np.arange(256) % 8] + np.random.default_rng(0).normal(size=(256, 2)) * 0.05).astype("float32")


def gan(kind=models.GAN, shape=SHAPE, units=(32,), rates=(1e-3, 1e-3), generator=None, critic=None, **options):
    activation = "tanh" if shape == SHAPE else None
    generator = generator or networks.mlp_generator(4, units, shape, output_activation=activation)
    model = kind(generator, critic or networks.mlp_discriminator(shape, units), 4, **options)
    players = [player.name for player in model.players()]
    optimizers = {name: keras.optimizers.Adam(rate, beta_1=0.5) for name, rate in zip(players, rates, strict=True)}
    model.compile(optimizers, jit_compile=False, steps_per_execution=1)
    return model


def vae(beta=1.0, latent_dim=2, rate=1e-2, activation="elu", **options):
    encoder = networks.mlp_encoder(SHAPE, (32,), latent_dim, activation)
    model = models.VAE(encoder, networks.mlp_decoder(latent_dim, (32,), SHAPE), beta=beta, **options)
    model.compile(keras.optimizers.Adam(rate), jit_compile=False, steps_per_execution=1)
    return model


def deaf(shape=SHAPE):
    """A generator that makes one thing of all latents."""
    dense = keras.layers.Dense(math.prod(shape), activation="tanh" if shape == SHAPE else None)
    return keras.Sequential([keras.Input((4,)), keras.layers.Rescaling(0.0), dense, keras.layers.Reshape(shape)])


def still(discriminator_loss=1.3, **options):
    """A GAN whose steps change nothing; it logs a discriminator that guesses, unless another loss is given."""
    model = gan(**options)
    logs = {"discriminator_loss": discriminator_loss}
    model.train_step = lambda data: model._track(logs, 1) or model.get_metrics_result()
    return model


def seen(model, x, doctor, *others, epochs=6, **options):
    """The doctor's findings by name."""
    options = {"batch_size": 32, "verbose": 0, **options}
    with compiled_for(model, epochs * math.ceil(len(x) / options["batch_size"])):
        model.fit(x, epochs=epochs, callbacks=[*others, doctor], **options)
    return {finding.name: finding for finding in doctor.findings}


def healthy(name):
    if name == "gan":
        return gan(units=(64, 128)), 2 * X - 1, {COLLAPSE, "saturated discriminator"}
    if name == "hinge":
        return gan(adversarial_loss="hinge"), 2 * X - 1, {COLLAPSE, "saturated discriminator"}
    if name == "dcgan":
        return presets.dcgan(SHAPE, width=0.1), 2 * X - 1, {COLLAPSE, "saturated discriminator"}
    if name == "wgan-gp":
        return gan(models.WGANGP, n_critic=2), 2 * X - 1, {COLLAPSE, "exploding penalty"}
    if name == "wgan":
        return gan(models.WGAN, n_critic=2), 2 * X - 1, {COLLAPSE, "vanished critic"}
    return vae(rate=3e-3, activation="relu"), X, {"posterior collapse", "dead units"}


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["gan", "hinge", "dcgan", "wgan-gp", "wgan", "vae"])
def test_it_watches_healthy_trainings_in_silence(name, capsys):
    (model, x, watched), doctor = healthy(name), callbacks.TrainingDoctor(2 * X - 1 if name != "vae" else X)
    assert seen(model, x, doctor, epochs=8) == {} and capsys.readouterr().out == ""
    assert set(doctor.measurements) == watched
    assert all(list(values) == list(range(1, 9)) for values in doctor.measurements.values())


@pytest.mark.compiled
def test_a_generator_that_comes_to_make_one_thing_of_all_latents(capsys):
    """Weight decay takes the latents out of it: at first its samples differ, in the end they do not."""
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(64, "tanh", kernel_regularizer=keras.regularizers.L2(10.0))(inputs)
    model = gan(generator=keras.Model(inputs, keras.layers.Reshape(SHAPE)(outputs), name="g"), rates=(1e-3, 1e-2))
    doctor = callbacks.TrainingDoctor(2 * X - 1)
    found = seen(model, 2 * X - 1, doctor, epochs=9)[COLLAPSE]
    spreads = doctor.measurements[COLLAPSE]
    assert spreads[1] > 0.1 and found.since > 1 and found.value == spreads[9] < 0.1
    assert all((spreads[epoch] < 0.1) == (epoch >= found.since) for epoch in spreads)
    first, last = capsys.readouterr().out.splitlines()
    spread = spreads[found.since + 2]
    advice = "a higher n_critic (now 1), a lower learning_rate of the generator (now 0.01) or another adversarial_loss"
    assert first == (
        f"TrainingDoctor: collapsed generator since epoch {found.since}: samples lie {spread:.2g} times as far apart "
        f"as real examples (limit 0.1). Try {advice} (now 'non_saturating')."
    )
    assert last.startswith(
        f"TrainingDoctor: collapsed generator since epoch {found.since} lasts to the end of epoch 9: samples lie "
        f"{found.value:.2g} times as far apart"
    )


def test_a_spread_is_that_of_samples_over_that_of_real_examples():
    """Samples that are the real examples themselves, halved, lie half as far apart."""
    model, doctor = still(), callbacks.TrainingDoctor(2 * X[:100] - 1, samples=100)
    model.sample = lambda n, seed: (2 * X[:n] - 1) / 2
    seen(model, 2 * X - 1, doctor, epochs=1, batch_size=512)
    assert doctor.measurements[COLLAPSE] == {1: pytest.approx(0.5)}


@pytest.mark.compiled
def test_a_generator_that_still_unfolds_has_not_collapsed():
    def doctor_of(spreads):
        model, doctor, drawn = still(), callbacks.TrainingDoctor(2 * X[:64] - 1, verbose=0), []
        model.sample = lambda n, seed: drawn.append(n) or (2 * X[:64] - 1) * spreads[len(drawn) - 1]
        return seen(model, 2 * X - 1, doctor, epochs=len(spreads), batch_size=512)

    assert doctor_of([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]) == {}
    assert doctor_of([0.04, 0.04, 0.03, 0.04])[COLLAPSE].since == 1
    assert doctor_of([0.5, 0.01, 0.01, 0.5, 0.01, 0.01]) == {}, "patience is for bad epochs in a row"
    assert doctor_of([0.5, 0.01, 0.01, 0.01, 0.5, 0.01, 0.01])[COLLAPSE].until == 5, "and begins anew after a finding"
    assert doctor_of([0.04, 0.03, 0.03, 0.05, 0.06])[COLLAPSE].until is None, "found, it is over at the limit"
    fallen = doctor_of([0.5, 0.01, 0.02, 0.03, 0.05, 0.2])[COLLAPSE]
    assert (fallen.since, fallen.until) == (2, 6)


def test_a_conditional_generator_may_collapse_within_its_classes():
    inputs = [keras.Input((4,)), keras.Input((), dtype="int32")]
    table = keras.layers.Embedding(10, 64, "random_normal")(inputs[1]) + 0.0 * inputs[0][:, :1]
    outputs = keras.layers.Reshape(SHAPE)(keras.layers.Activation("tanh")(keras.layers.Rescaling(20.0)(table)))
    model = gan(
        models.ConditionalGAN,
        generator=keras.Model(inputs, outputs, name="generator"),
        critic=networks.mlp_discriminator(SHAPE, (8,), num_classes=10),
        num_classes=10,
    )
    overall = callbacks.TrainingDoctor(2 * X - 1, verbose=0)
    within = callbacks.TrainingDoctor(2 * X - 1, labels=Y, verbose=0)
    assert seen(model, 2 * X - 1, overall, within, y=Y, epochs=3, batch_size=512) == {}
    assert [finding.name for finding in within.findings] == [COLLAPSE]
    assert set(within.measurements[COLLAPSE].values()) == {0.0}


def test_modes_of_a_toy_mixture_that_no_sample_reaches(capsys):
    model = gan(shape=(2,), generator=deaf((2,)))
    found = seen(model, RING, callbacks.TrainingDoctor(RING, centres=CENTRES), epochs=3, batch_size=256)
    assert set(found) == {COLLAPSE, "missing classes"}
    assert (
        found["missing classes"].observation == "samples reach 1 of 8 classes"
        and found["missing classes"].value == 1 / 8
    )
    doctor = callbacks.TrainingDoctor(centres=CENTRES, min_classes=0.0)
    assert seen(gan(shape=(2,)), RING, doctor, epochs=3, batch_size=256) == {}


def test_classes_are_those_of_the_head_of_features():
    """Two classes, light and dark; real examples of both, samples of one."""
    network = keras.Sequential([keras.Input(SHAPE), keras.layers.GlobalAveragePooling2D()])
    light = keras.layers.Lambda(lambda mean: ops.concatenate([mean, 1 - mean], axis=1))
    features = metrics.FeatureExtractor("light", network, keras.Sequential([keras.Input((1,)), light]))
    x = np.where(np.arange(64)[:, None, None, None] % 2, -0.9, 0.9) * np.ones((64, *SHAPE))
    model, doctor = still(), callbacks.TrainingDoctor(x, features=features, min_classes=0.6, verbose=0)
    model.sample = lambda n, seed: 1e9 * np.abs(x[:n])  # far out of range, which must not end the training
    found = seen(model, x, doctor, epochs=3)
    assert found["missing classes"].observation == "samples reach 1 of 2 classes"
    assert doctor.measurements[COLLAPSE][1] == 0.0  # in these features they are all white
    model.sample = lambda n, seed: np.nan * x[:n]
    assert seen(model, x, doctor, epochs=1) == {} and doctor.measurements.keys() == {"saturated discriminator"}


@pytest.mark.compiled
def test_a_discriminator_that_is_sure(capsys):
    model = gan(rates=(1e-2, 1e-6), label_smoothing=0.1)
    found = seen(model, 2 * X - 1, callbacks.TrainingDoctor(), epochs=6)["saturated discriminator"]
    assert found.value < 0.05 and found.until is None
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 and "% of the way from certainty to guessing (limit 5 %), and generator_loss" in out[0]
    assert out[0].endswith("Try a lower learning_rate of the discriminator (now 0.01).")


def test_a_warm_up_may_make_the_discriminator_sure():
    doctor = callbacks.TrainingDoctor(verbose=0)
    assert set(seen(still(0.0), 2 * X - 1, doctor, epochs=5, batch_size=512)) == {"saturated discriminator"}
    model = still(0.0, discriminator_warmup_steps=10**6)
    assert seen(model, 2 * X - 1, doctor, epochs=5, batch_size=512) == {} and doctor.measurements == {}


def test_a_penalty_that_nothing_holds_explodes(capsys):
    model = gan(models.WGANGP, (2,), rates=(3.0, 1e-3), n_critic=1, gradient_penalty_weight=0.0)
    found = seen(model, RING, callbacks.TrainingDoctor(), epochs=4, batch_size=128)["exploding penalty"]
    assert found.value > 10 and found.advice == "a higher gradient_penalty_weight (now 0, published 10)"
    assert f"exploding penalty since epoch {found.since}: gradient_penalty is " in capsys.readouterr().out


class BeginAgain(keras.callbacks.Callback):
    """From the weights of the start, after `epochs`, and then otherwise than before."""

    def __init__(self, epochs, change):
        super().__init__()
        self.epochs, self.change = epochs, change

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:
            self.start = self.model.get_weights()
        if epoch == self.epochs:
            self.model.set_weights(self.start)
            self.change(self.model)


def test_a_critic_that_is_too_fast_and_then_slower(capsys):
    model = gan(models.WGANGP, (2,), rates=(30.0, 1e-3), n_critic=1)
    slower = BeginAgain(4, lambda model: setattr(model.optimizer, "learning_rate", 0.0))
    found = seen(model, RING, callbacks.TrainingDoctor(), slower, epochs=6, batch_size=128)["exploding penalty"]
    assert (found.since, found.until) == (1, 5) and found.value < 1
    begun, over = capsys.readouterr().out.splitlines()
    assert begun.endswith("Try a lower learning_rate of the critic (now 30).")
    assert over.startswith("TrainingDoctor: exploding penalty since epoch 1 is over in epoch 5: gradient_penalty is ")


@pytest.mark.compiled
def test_rectifiers_that_die(capsys):
    """Under a weight of the KL that leaves nothing to encode."""
    found = seen(vae(beta=1e3, activation="relu"), X, callbacks.TrainingDoctor(X), epochs=5)["dead units"]
    assert found.until is None and found.value < 0.2 and "rectifiers of layer" in capsys.readouterr().out


@pytest.mark.compiled
def test_a_posterior_that_collapses_under_its_beta_and_comes_back(capsys):
    doctor = callbacks.TrainingDoctor(X)
    free = BeginAgain(6, lambda model: model.kl_weight.assign(0.0))
    found = seen(vae(beta=1e3), X, doctor, free, epochs=8)["posterior collapse"]
    assert found.since <= 3 and found.until == 7
    begun, over = capsys.readouterr().out.splitlines()
    assert begun == (
        f"TrainingDoctor: posterior collapse since epoch {found.since}: 0 of 2 latent dimensions are active (a KL "
        "above 0.01 nats). Try a lower beta (now 1000), callbacks.KLWarmup (--kl-warmup) or a smaller decoder."
    )
    assert over.startswith(f"TrainingDoctor: posterior collapse since epoch {found.since} is over in epoch 7: 2 of 2")
    assert doctor.findings == [found]


@pytest.mark.parametrize(
    ("model", "x", "loss"),
    [
        (lambda: gan(rates=(1e30, 1e-3)), 2 * X - 1, "generator_loss"),  # against the discriminator that has moved
        (lambda: gan(rates=(1e-3, 1e30), shape=(2,)), RING, "discriminator_loss"),  # in the batch that comes next
        (lambda: gan(models.WGANGP, rates=(1e30, 1e-3)), 2 * X - 1, "critic_loss"),
        (lambda: vae(rate=1e30), X, "reconstruction"),
    ],
    ids=["discriminator", "generator", "critic", "vae"],
)
def test_a_learning_rate_without_measure(model, x, loss, capsys):
    model = model()
    doctor = callbacks.TrainingDoctor(x)
    stopping = keras.callbacks.TerminateOnNaN()
    found = seen(model, x, doctor, stopping, epochs=2, batch_size=64)["not finite"]
    assert found.loss == loss and found.since == 1 and "1e+30" in found.advice
    out = capsys.readouterr().out
    assert out.count("TrainingDoctor: not finite since epoch 1: ") == 1 and f"{loss} turned " in out


def test_the_batch_and_the_part_at_fault_are_named(capsys):
    """Where every unit is off, the slope of a root is no number, though the critic's values are."""
    inputs = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(inputs)
    root = ops.sqrt(ops.relu(keras.layers.Rescaling(1.0, offset=-1e3)(flat)))
    critic = keras.Model(inputs, keras.layers.Dense(1)(root), name="critic")
    model, doctor = gan(models.WGANGP, critic=critic, n_critic=1), callbacks.TrainingDoctor(2 * X - 1, patience=1)
    found = seen(model, 2 * X - 1, doctor, epochs=1, batch_size=128)["not finite"]
    assert found.loss == "gradient_penalty" and found.observation.startswith("gradient_penalty turned nan in batch 1")
    assert "gradient_penalty_weight (now 10)" in found.advice
    assert doctor.measurements == {}, "there is nothing to measure where samples and losses are no numbers"


@pytest.mark.compiled
def test_batches_of_one_execution_cannot_be_distinguished():
    model, doctor = gan(), callbacks.TrainingDoctor(verbose=0)
    model.compile(model.optimizer, jit_compile=False, steps_per_execution=4)
    wild = BeginAgain(1, lambda model: setattr(model.optimizer, "learning_rate", 1e30))
    model.fit(2 * X - 1, batch_size=64, epochs=2, callbacks=[wild, doctor], verbose=0)
    (found,) = doctor.findings
    assert found.since == 2 and "turned nan in batches 1 to 4" in found.observation


def test_losses_may_become_finite_again(capsys):
    class Poison(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.epochs_completed == 1 and batch == 2:
                self.model.set_weights([weight * np.nan for weight in self.model.get_weights()])

    model = vae()
    model.compile(keras.optimizers.SGD(0.0))
    healed = BeginAgain(2, lambda model: None)
    doctor = callbacks.TrainingDoctor(X)
    found = seen(model, X, doctor, Poison(), healed, epochs=4, batch_size=128)["not finite"]
    assert list(doctor.measurements["posterior collapse"]) == [1, 3, 4], "of what is no number nothing can be said"
    assert (found.since, found.until, found.loss) == (2, 3, "reconstruction")
    begun, over = capsys.readouterr().out.splitlines()
    assert "reconstruction turned nan in batch 3, and kl. Try" in begun
    assert over == "TrainingDoctor: not finite since epoch 2 is over in epoch 3: all losses are finite again."


@pytest.mark.compiled
def test_every_and_patience_count_examinations():
    def found(**options):
        doctor = callbacks.TrainingDoctor(2 * X - 1, verbose=0, **options)
        return seen(still(generator=deaf()), 2 * X - 1, doctor, epochs=6, batch_size=512), doctor

    three, doctor = found(every=2, patience=3)
    assert list(doctor.measurements[COLLAPSE]) == [2, 4, 6] and three[COLLAPSE].since == 2
    assert found(every=2, patience=4)[0] == {} and found(patience=6)[0][COLLAPSE].since == 1


def test_limits_are_the_users():
    def found(model, x, doctor):
        return set(seen(model, x, doctor, epochs=1, batch_size=512))

    options = {"patience": 1, "verbose": 0}
    doctor = callbacks.TrainingDoctor(2 * X - 1, min_spread=1e6, min_discriminator_loss=1e6, **options)
    assert found(gan(), 2 * X - 1, doctor) == {COLLAPSE, "saturated discriminator"}
    doctor = callbacks.TrainingDoctor(max_penalty=0.0, **options)
    assert found(gan(models.WGANGP, n_critic=1), 2 * X - 1, doctor) == {"exploding penalty"}
    assert found(vae(), X, callbacks.TrainingDoctor(X, min_active=1.1, **options)) == {"posterior collapse"}


@pytest.mark.compiled
def test_the_training_goes_as_without_it(tmp_path):
    model = gan(ema=0.9)
    model.save(tmp_path / "model.keras")
    with_it, without = (keras.models.load_model(tmp_path / "model.keras") for _ in range(2))
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    doctor = callbacks.TrainingDoctor(2 * X - 1)
    with_it.fit(2 * X - 1, batch_size=256, epochs=2, callbacks=[doctor], verbose=0)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    without.fit(2 * X - 1, batch_size=256, epochs=2, verbose=0)
    for left, right in zip(with_it.variables, without.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


@pytest.mark.parametrize(("bar", "before"), [(0, ""), (1, "\n"), ("auto", "\n"), (2, "")])
def test_what_it_says_begins_a_line_of_its_own(bar, before, capsys):
    said = []

    class Heard(callbacks.TrainingDoctor):
        def _say(self, line):
            capsys.readouterr()
            super()._say(line)
            said.append(capsys.readouterr().out)

    seen(still(generator=deaf()), 2 * X - 1, Heard(2 * X - 1, patience=1), epochs=1, batch_size=512, verbose=bar)
    assert len(said) == 1 and said[0].startswith(f"{before}TrainingDoctor: collapsed generator since epoch 1")


def test_it_can_be_silent(capsys):
    doctor = callbacks.TrainingDoctor(2 * X - 1, patience=1, verbose=0)
    assert seen(still(generator=deaf()), 2 * X - 1, doctor, epochs=2, batch_size=512)
    assert capsys.readouterr().out == ""


def test_each_fit_is_seen_afresh_and_a_copy_shares_the_data():
    doctor = callbacks.TrainingDoctor(2 * X - 1, patience=1, verbose=0, min_active=0.3)
    assert seen(still(generator=deaf()), 2 * X - 1, doctor, epochs=1, batch_size=512)
    other = copy.deepcopy(doctor)
    assert other.reference.x is doctor.reference.x and other.findings == [] and other.model is None
    assert other.limits == doctor.limits and (other.patience, other.verbose) == (1, 0)
    assert (
        seen(still(), 2 * X - 1, doctor, epochs=1, batch_size=512) == {}
        and seen(still(), 2 * X - 1, other, epochs=1, batch_size=512) == {}
    )


def test_models_without_a_game_are_watched_for_what_they_have():
    encoder, decoder = networks.mlp_autoencoder([SHAPE, 8, 2])
    autoencoder = models.Autoencoder(encoder, decoder)
    autoencoder.compile(keras.optimizers.SGD(1e30), jit_compile=False, steps_per_execution=1)
    doctor = callbacks.TrainingDoctor(X, verbose=0)
    assert (
        seen(autoencoder, X, doctor, epochs=1, batch_size=256)["not finite"].loss == "reconstruction"
        and doctor.measurements == {}
    )
    toy = TwoPlayers.small()
    toy.compile("adam", jit_compile=False, steps_per_execution=1)
    doctor = callbacks.TrainingDoctor(X, verbose=0)
    assert seen(toy, X, doctor, epochs=1, batch_size=512) == {} and set(doctor.measurements) == {COLLAPSE}


def test_a_finding_is_its_line():
    finding = Diagnosis("posterior collapse", 2, "0 of 2 latent dimensions are active", "a lower beta", 0.0)
    assert str(finding) == "posterior collapse since epoch 2: 0 of 2 latent dimensions are active. Try a lower beta."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "`every` must be an integer >= 1. Received: every=0"),
        ({"patience": 0}, "`patience` must be an integer >= 1. Received: patience=0"),
        ({"samples": 1}, "`samples` must be an integer >= 2. Received: samples=1"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"min_spread": -1}, "`min_spread` must be a finite number >= 0.0. Received: min_spread=-1"),
        ({"min_critic": -1}, "`min_critic` must be a finite number >= 0.0. Received: min_critic=-1"),
        ({"max_penalty": math.inf}, "`max_penalty` must be a finite number >= 0"),
        ({"min_active": "a"}, "`min_active` must be a finite number"),
        ({"x": X * np.nan}, "`x` must be finite"),
        ({"x": (X,)}, "`x` must be an array of real examples. Received: tuple"),
        ({"labels": Y}, "`labels` are those of `x`. Expected: both. Received: labels alone"),
        ({"x": X, "labels": Y[:3]}, r"Expected: shape \(512,\). Received: shape \(3,\), dtype int"),
        ({"centres": CENTRES, "features": metrics.features.identity()}, "Expected: `features` or `centres`"),
        ({"centres": [1.0, 2.0]}, "`centres` must be features of shape"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.TrainingDoctor(**arguments)


FIVE = keras.Sequential([keras.Input((5,)), keras.layers.Flatten()])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[:, :7]}, r"`x` does not fit the network. Expected: shape \(n, 8, 8, 1\)"),
        ({"x": 2 * X}, r"`x` is out of range. Expected: values in \[-1, 1\]"),
        ({"x": 2 * X - 1, "labels": Y}, "`labels` are for a conditional model. Received: GAN"),
        ({"x": 2 * X[:1] - 1}, "`x` must hold examples that differ.* Received: 1 examples at a mean distance of nan"),
        ({"x": np.repeat(2 * X[:1] - 1, 9, axis=0)}, "`x` must hold examples that differ.* mean distance of 0"),
        ({"centres": CENTRES}, "Expected: points of 64 numbers, as its examples. Received: 2"),
        (
            {"features": metrics.FeatureExtractor("f", FIVE, keras.Sequential([keras.Input((1,))]))},
            "`x` does not fit the features 'f'",
        ),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_the_first_step(arguments, message):
    begun = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: pytest.fail("too late"))
    with pytest.raises(ValueError, match=message):
        seen(gan(), 2 * X - 1, callbacks.TrainingDoctor(**arguments), begun, epochs=1)

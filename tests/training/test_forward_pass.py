import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import models, networks
from keras_gen.training import GenerativeModel, Player
from tests import contract
from tests.test_contract import small_cyclegan

X = np.random.default_rng(0).uniform(-1, 1, (12, 3)).astype("float32")


class Counting(keras.layers.Layer):
    """Passes its input on and counts how often it ran."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.runs = 0

    def call(self, x):
        self.runs += 1
        return x

    def compute_output_shape(self, shape):
        return shape


def counted_gan(n_critic, **options):
    passes = Counting(), Counting()
    generator = keras.Sequential([keras.Input((2,)), passes[0], keras.layers.Dense(3, "tanh")])
    discriminator = keras.Sequential([keras.Input((3,)), passes[1], keras.layers.Dense(1)])
    model = models.GAN(generator, discriminator, 2, n_critic=n_critic, **options)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    for one in passes:
        one.runs = 0
    return model, *passes


@pytest.mark.parametrize("n_critic", [1, 3])
def test_fakes_are_made_once_an_update_and_none_for_the_generator_alone(n_critic):
    model, made, judged = counted_gan(n_critic)
    model.train_step(ops.convert_to_tensor(X))
    assert made.runs == n_critic
    assert judged.runs == 2 * n_critic + 1  # real and fake in each update, the fakes again by the updated discriminator


def test_one_step_is_that_of_the_plain_way():
    """The same latents, tape by tape as in the paper's algorithm: gradients through the generator as a whole."""
    model, _, _ = counted_gan(1)
    generator, discriminator = (keras.models.clone_model(n) for n in (model.generator, model.discriminator))
    generator.set_weights(model.generator.get_weights())
    discriminator.set_weights(model.discriminator.get_weights())
    seed = ops.convert_to_numpy(model.seed_generator.state)
    z = model.latents(12, training=True)
    model.seed_generator.state.assign(seed)
    model.train_step(ops.convert_to_tensor(X))

    def descend(network, loss):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss()
        for weight, slope in zip(network.trainable_weights, tape.gradient(value, network.trainable_weights),
                                 strict=True):  # fmt: skip
            weight.assign_sub(0.1 * slope)

    descend(
        discriminator,
        lambda: ops.mean(ops.softplus(-discriminator(X))) + ops.mean(ops.softplus(discriminator(generator(z)))),
    )
    descend(generator, lambda: ops.mean(ops.softplus(-discriminator(generator(z)))))
    for ours, plain in ((model.generator, generator), (model.discriminator, discriminator)):
        for left, right in zip(ours.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


class OwnerFirst(GenerativeModel):
    """A player that shares its pass and is updated first, whose loss also uses its network directly, and a judge."""

    def __init__(self, regularizer=None):
        super().__init__(log_names=("maker_loss", "judge_loss"))
        self.regularizer = regularizer
        options = {"use_bias": False, "kernel_initializer": "ones"}
        self.maker = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, kernel_regularizer=regularizer, **options)]
        )
        self.judge = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, **options)])

    def players(self):
        return (
            Player("maker", (self.maker,), self.maker_loss, shared_forward=self.make),
            Player("judge", (self.judge,), self.judge_loss),
        )

    def make(self, batch, training):
        return {"made": self.maker(batch["x"]), "unused": 2.0 * self.maker(batch["x"])}

    def maker_loss(self, batch, made, training):
        return {"maker_loss": ops.mean(made["made"]) + ops.mean(self.maker(made["made"]))}

    def judge_loss(self, batch, made, training):
        return {"judge_loss": ops.mean(self.judge(made["made"]))}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_owner_updated_first_may_use_its_network_again_and_shares_the_pass_that_it_was_updated_by(jit_compile):
    """With the weight w = 1, x = 2: loss 2 w + w (2 w), slope 2 + 4 = 6; the judge sees w x = 2."""
    model = OwnerFirst()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=jit_compile, steps_per_execution=1)
    history = model.fit(np.full((4, 1), 2.0), batch_size=4, verbose=0).history
    assert float(model.maker.get_weights()[0][0, 0]) == pytest.approx(1 - 0.6)
    assert float(model.judge.get_weights()[0][0, 0]) == pytest.approx(1 - 0.2)
    assert history["judge_loss"][0] == pytest.approx(2.0) and history["maker_loss"][0] == pytest.approx(4.0)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_the_owners_regularisation_is_minimised_too(policy):
    keras.config.set_dtype_policy(policy)
    model = OwnerFirst(keras.regularizers.L2(0.5))
    maker = keras.optimizers.SGD(0.1)
    if policy == "mixed_float16":
        maker = keras.optimizers.LossScaleOptimizer(maker, initial_scale=4.0)
    model.compile({"maker": maker, "judge": keras.optimizers.SGD(0.1)}, jit_compile=False)
    model.fit(np.full((4, 1), 2.0), batch_size=4, verbose=0)
    # `make` ran the network twice and the loss once: Keras counts a layer's penalty once, w^2 / 2, of slope 1
    assert float(model.maker.get_weights()[0][0, 0]) == pytest.approx(1 - 0.1 * (6 + 1), rel=1e-3)


def test_evaluation_makes_once_and_for_all_players():
    model = OwnerFirst()
    model.compile("sgd", jit_compile=False)
    found = model.evaluate(np.full((4, 1), 2.0), batch_size=4, verbose=0, return_dict=True)
    assert found["maker_loss"] == pytest.approx(4.0) and found["judge_loss"] == pytest.approx(2.0)


def test_a_generator_of_published_size_gets_a_gradient_in_every_weight():
    model = models.GAN(networks.dcgan_generator(4, (8, 8, 1), 4), networks.dcgan_discriminator((8, 8, 1), 4), 4)
    model.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    before = [weight.numpy() for weight in model.generator.trainable_weights]
    model.fit(np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)), batch_size=8, verbose=0)
    assert all(
        (old != weight.numpy()).any() for old, weight in zip(before, model.generator.trainable_weights, strict=True)
    )


@pytest.mark.compiled
def test_penalties_on_activities_are_those_of_the_pass_that_is_minimised():
    """Keras collects them during the pass: read before it they would be those of the pass before."""
    codes = []
    for weight in (0.0, 10.0):
        keras.utils.set_random_seed(0)
        encoder = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(2, activity_regularizer=keras.regularizers.L1(weight))]
        )
        model = models.Autoencoder(encoder, networks.mlp_decoder(2, (), (3,)))
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        model.fit(X, batch_size=4, epochs=40, verbose=0)
        codes.append(np.abs(model.encode(X)).mean())
    assert codes[1] < codes[0] / 2


@pytest.mark.compiled
def test_a_judges_penalties_on_activities_are_those_of_its_last_pass():
    logits = []
    for weight in (0.0, 1e3):
        keras.utils.set_random_seed(0)
        discriminator = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(1, activity_regularizer=keras.regularizers.L2(weight))]
        )
        model = models.GAN(networks.mlp_generator(2, (), (3,)), discriminator, 2)
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        model.fit(X, batch_size=4, epochs=40, verbose=0)
        logits.append(np.abs(discriminator(model.sample(100, seed=0))).mean())
    assert logits[1] < logits[0] / 5, "of the fakes, which it judges last"


SHAPE = (8, 8, 1)
PRODUCTS = {
    "MatMul", "_FusedMatMul", "Conv2D", "_FusedConv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter",
}  # fmt: skip


def dense_generator():
    return networks.mlp_generator(3, (6,), SHAPE)


def dense_judge(**options):
    return networks.mlp_discriminator(SHAPE, (6,), **options)


def small_classifier():
    layers = [keras.layers.Flatten(), keras.layers.Dense(6, "relu"), keras.layers.Dense(10)]
    return models.Classifier(keras.Sequential([keras.Input(SHAPE), *layers]), (0, 1))


def small_vae():
    return models.VAE(networks.mlp_encoder(SHAPE, (6,), 2), networks.mlp_decoder(2, (6,), SHAPE))


def small_bigan():
    encoder = networks.mlp_encoder(SHAPE, (6,), 3, heads=1)
    return models.BiGAN(dense_generator(), encoder, dense_judge(condition_dim=3), 3)


# Networks of two products: a pass makes 2, its gradient for the weights 2, and for the inputs 1 or, down to x, 2
JUDGED, MOVED_BY_JUDGE = 2 * (2 + 2 + 1), 2 + 2 + 2 + 1  # both halves of a batch; judge's pass, then down to z's layer
PENALTY = 1 + 2 + 3  # the hidden layer at the interpolated points, the slope, and the slope's gradient
FAMILIES = {
    "classifier": (small_classifier, 2 + 2 + 1),
    "VAE": (small_vae, (3 + 2) + (3 + 2) + (2 + 2) + 1),  # two heads in the encoder; one product sums rows
    "GAN": (lambda: models.GAN(dense_generator(), dense_judge(), 3), 2 + JUDGED + MOVED_BY_JUDGE),
    "GAN of two updates": (
        lambda: models.GAN(dense_generator(), dense_judge(), 3, n_critic=2),
        2 * (2 + JUDGED) + MOVED_BY_JUDGE,
    ),
    "WGAN-GP": (
        lambda: models.WGANGP(dense_generator(), dense_judge(), 3, n_critic=1),
        2 + JUDGED + PENALTY + MOVED_BY_JUDGE,
    ),
    "BiGAN": (small_bigan, 2 * 2 + JUDGED + 2 * MOVED_BY_JUDGE),
    # Four passes of generators, of which two see images of the data, and judges of one product: on two translations,
    # down to them, then on two translations and two images
    "CycleGAN": (lambda: small_cyclegan(pool_size=0), 4 * (2 + 2) + 2 * 2 + 2 * 1 + 2 * (1 + 1) + 4 * (1 + 1)),
}


@pytest.mark.compiled
@pytest.mark.as_for_users
@pytest.mark.parametrize("family", FAMILIES)
def test_a_compiled_step_makes_the_products_of_its_formula(family):
    """What TensorFlow's graph optimizer leaves of a step holds each product of a pass and of its gradients once."""
    make, expected = FAMILIES[family]
    model = contract.built(make)
    images = np.random.default_rng(0).random((contract.BATCH, *SHAPE))
    arrays = contract.example_arrays(model.data_description, images, np.arange(contract.BATCH))
    with contract.optimized_graphs() as graphs:
        contract.fit(model, arrays)
    counts = [sum(node.op in PRODUCTS for node in graph_nodes(graph)) for graph in graphs]
    assert [count for count in counts if count] == [expected]


def graph_nodes(graph):
    """The nodes of a graph and of the functions that it holds."""
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]

"""Digits from captions: a conditional GAN of "a large seven, orange on blue, tilted left".

Real digits are straightened, scaled, turned and coloured, and described by captions. The discriminator compares its
features with the caption by an inner product. It first learns which captions belong to which images, by a contrastive
loss: against a generator alone it hardly sees the digits. Spectral normalisation keeps it from winning. In the
generator the caption scales every layer, and interpolation enlarges the maps, which keeps backgrounds even. Classifiers
of real images, and the colours, say how often attributes are right for held-out captions, a fifth of all combinations.

Args:
    text_dim: Width of a caption's vector.
    images: Training images to draw.
    matching_epochs: Epochs in which the discriminator learns which captions belong to which images.
    captions: Held-out captions to measure.
"""

import keras
import numpy as np

from keras_gen import models, networks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import Captions, load
from keras_gen.data.described import SIZES, TILTS, attribute_combinations, described_digits, measured_colours
from keras_gen.losses import contrastive_loss
from keras_gen.presets.registry import scaled


def reader(captions, text_dim):
    """A network from captions to vectors: a word and its place say all, for the captions have one form.

    The words' vectors begin as large as z; with Keras's, 35 times smaller, captions are heeded late.
    """
    unit = keras.initializers.RandomNormal(stddev=1.0)
    words = keras.layers.Embedding(captions.size, text_dim, embeddings_initializer=unit)
    inputs = keras.Input((captions.length,), dtype="int32", name="caption")
    return keras.Sequential([inputs, words, keras.layers.Flatten(), keras.layers.Dense(text_dim)])


def of_captions(network, text):
    """A network of [z or x, vectors of a text] as one of [z or x, captions], which `text` reads."""
    inputs, tokens = keras.Input(network.inputs[0].shape[1:]), keras.Input(text.input_shape[1:], dtype="int32")
    return keras.Model([inputs, tokens], network([inputs, text(tokens)]), name=f"{network.name}_of_captions")


def matching(discriminator, text):
    """The inner products of the discriminator's features of all images of a batch with its vectors of all captions."""
    compared = keras.Model(discriminator.inputs, discriminator.get_layer("projection_0").input)
    pairs = of_captions(compared, text)
    features, vectors = pairs.outputs
    return keras.Model(pairs.inputs, keras.ops.matmul(features, keras.ops.transpose(vectors)))


@recipe
def main(
    data="mnist", images=60000, captions=2000, matching_epochs=4, epochs=6, batch_size=64, latent_dim=64, text_dim=64,
    filters=16, learning_rate=1e-3, ema=0.999, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    every = attribute_combinations()
    np.random.default_rng(seed).shuffle(order := np.arange(len(every)))
    held_out, known = ([every[place] for place in part] for part in np.split(order, [len(every) // 5]))
    x, attributes = described_digits(train, known, images, seed)
    words = Captions([one.caption for one in known])
    shape, filters = x.shape[1:], scaled("filters", filters, width)
    texts, options = [reader(words, text_dim) for _ in range(2)], {"condition_dim": text_dim}
    generator = networks.dcgan_generator(latent_dim, shape, filters, "modulated", upsampling="interpolation", **options)
    discriminator = networks.dcgan_discriminator(shape, filters, "spectral", projection=True, **options)
    players = (of_captions(*pair) for pair in zip((generator, discriminator), texts, strict=True))
    model = models.ConditionalGAN(*players, latent_dim, adversarial_loss="hinge", ema=ema)
    adams = [keras.optimizers.Adam(cosine_decay(learning_rate, images, epochs, batch_size), 0.5) for _ in range(2)]
    model.compile(dict(zip(("discriminator", "generator"), adams, strict=True)))
    matcher, tokens = matching(discriminator, texts[1]), words.encode([one.caption for one in attributes])
    matcher.compile(keras.optimizers.Adam(learning_rate), contrastive_loss, jit_compile=False)
    with Timer() as timer:
        matcher.fit([x, tokens], tokens, batch_size=batch_size, epochs=matching_epochs, verbose=2)
        history = model.fit(x, tokens, batch_size=batch_size, epochs=epochs, verbose=2)

    real, of_real = described_digits(test, held_out, captions, seed + 1)
    samples = model.sample(captions, seed, words.encode([one.caption for one in of_real]))
    findings = []

    def right(name, found):
        """Findings of how many samples, and real images, have the attribute of the caption."""
        for what, share, bound in zip(("samples", "real images"), found, (90.0, None), strict=True):
            findings.append(Finding(f"{what} with the {name} of the caption, %", 100 * share, at_least=bound))

    for name, values in (("digit", range(10)), ("size", list(SIZES)), ("tilt", list(TILTS))):
        labels, wanted = ([values.index(getattr(one, name)) for one in part] for part in (attributes, of_real))
        sizes = {"filters": (32, 64), "units": (256, 128), "dropout": 0.3, "width": width}
        judge = presets.build("lenet5", shape, num_classes=len(values), value_range=(-1, 1), **sizes)
        judge.fit(x, np.array(labels), batch_size=128, epochs=4, verbose=2)
        right(name, [np.mean(judge.classify(part) == wanted) for part in (samples, real)])
    for place, name in enumerate(("colour", "background")):
        wanted = [getattr(one, name) for one in of_real]
        right(name, [np.mean(measured_colours(part)[place] == wanted) for part in (samples, real)])
    findings.append(Finding("minutes of training", timer.minutes))
    shown = [one.caption for one in of_real[:8]]
    rows = model.sample(64, seed, words.encode(np.repeat(shown, 8)))
    grid = plots.image_grid(rows, 8, (-1, 1), title="samples of held-out captions", row_names=shown)
    return Outcome(model, findings, {"samples": grid}, history.history)

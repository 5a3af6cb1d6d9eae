"""A VAE with three latent dimensions, 784-400-20-3-20-400-784: samples around one digit, codes in 3-D."""

import numpy as np

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.layers import reparameterize


@recipe
def main(data="mnist", epochs=40, batch_size=100, seed=0, width=1.0):
    train, test = load(data)
    model = presets.build("vae", train.x.shape[1:], latent_dim=3, units=(400, 20), width=width)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)

    # Samples around one test digit: draws from its own posterior, decoded
    digit, shown = test.x[:1], test.x[:5000]
    near = model.decode(np.asarray(reparameterize(*model.posterior(digit), seed, samples=19))[0])
    ratio = np.abs(near - digit).mean() / np.abs(model.sample(len(shown), seed=seed) - digit).mean()
    active = model.kl_per_dimension(shown) > 0.1
    around = np.concatenate([digit, near])
    figures = {
        "around_one_digit": plots.image_grid(around, columns=10, title="a test digit and samples around it"),
        "latent_3d": plots.latent_scatter(model.encode(shown), test.y[:5000], "codes of the test digits"),
    }
    findings = [
        Finding("test loss, nats", model.evaluate(test.x, return_dict=True, verbose=0)["loss"]),
        Finding("latent dimensions with a KL above 0.1 nats", int(active.sum()), at_least=3),
        Finding("distance to the digit, samples around it over samples of the prior", ratio, at_most=0.75),
    ]
    return Outcome(model, findings, figures, history.history)

"""A denoising autoencoder: noisy, denoised and clean digits.

Args:
    corruption: Share of the pixels that become black or white.
"""

from keras import ops

from keras_gen import layers, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import squared_error


@recipe
def main(data="mnist", corruption=0.3, epochs=30, batch_size=100, seed=0, width=1.0):
    train, test = load(data)
    options = {"corruption": corruption, "corruption_kind": "salt_and_pepper", "reconstruction": "bernoulli"}
    options |= {"latent_dim": 50, "units": (500, 200), "width": width}
    model = presets.build("autoencoder", train.x.shape[1:], **options)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)
    noisy = ops.convert_to_numpy(layers.SaltAndPepperNoise(corruption, seed=seed)(test.x, training=True))
    denoised = model.reconstruct(noisy)
    before, after = squared_error(test.x, noisy), squared_error(test.x, denoised)
    findings = [
        Finding("squared error of the noisy test images", before),
        Finding("squared error of the denoised ones", after, at_most=before / 5, reference="a fifth of the noise"),
    ]
    rows = {"noisy": noisy[:10], "denoised": denoised[:10], "clean": test.x[:10]}
    return Outcome(model, findings, {"denoised": plots.image_rows(rows)}, history.history)

"""A VAE of scikit-learn's 8x8 digits: seconds, and no download."""

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load


@recipe
def main(data="digits", epochs=60, batch_size=64, seed=0, width=1.0):
    train, test = load(data)
    model = presets.build("vae", train.x.shape[1:], latent_dim=2, width=width)
    untrained = model.evaluate(test.x, return_dict=True, verbose=0)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)
    trained = model.evaluate(test.x, return_dict=True, verbose=0)
    figures = {
        "samples": plots.image_grid(model.sample(64, seed=seed), title="samples"),
        "reconstructions": plots.image_rows({"input": test.x[:10], "reconstruction": model.reconstruct(test.x[:10])}),
        "latent": plots.latent_scatter(model.encode(test.x), test.y, "codes of the test digits"),
    }
    findings = [
        Finding("test loss, nats", trained["loss"], at_most=untrained["loss"] - 15, reference="untrained, less 15"),
        Finding("of it the KL, nats", trained["kl"], at_least=1.0, reference="the code is used"),
    ]
    return Outcome(model, findings, figures, history.history)

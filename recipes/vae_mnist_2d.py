"""A VAE with two latent dimensions: embedding, manifold, interpolation, latent arithmetic, and the averaged posterior.

Args:
    start, goal: Classes between which to interpolate.
"""

import numpy as np

from keras_gen import latents, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load

ACTIVE = 0.1  # nats of KL above which a latent dimension counts as used


@recipe
def main(data="mnist", epochs=40, batch_size=100, start=1, goal=7, width=1.0):
    train, test = load(data)
    model = presets.build("vae", train.x.shape[1:], latent_dim=2, units=(400, 100), width=width)
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)

    z_mean, z_log_var = model.posterior(test.x)
    codes = {label: z_mean[test.y == label] for label in np.unique(test.y)}
    first, last = codes[start][0], codes[goal][0]
    # Arithmetic: the difference between the mean codes of two classes, added to the code of one digit
    moved = latents.arithmetic(codes[goal], codes[start], first[None])
    nearest = min(codes, key=lambda label: np.linalg.norm(moved - codes[label].mean(axis=0)))
    rows = {
        f"interpolation {start} to {goal}": model.decode(latents.interpolate(first, last, 10)),
        f"{start} + (mean {goal} - mean {start})": model.decode(latents.interpolate(first, moved, 10)),
    }
    # The posterior averaged over the data should be the prior: E[sigma^2] + Var[mu] near 1 for each active latent
    variance = np.exp(z_log_var).mean(axis=0) + z_mean.var(axis=0)
    active = model.kl_per_dimension(test.x) > ACTIVE
    of_active = [min(variance[active], default=np.nan), max(variance[active], default=np.nan)]
    figures = {
        "embedding": plots.latent_scatter(z_mean[:5000], test.y[:5000], "codes of the test digits"),
        "manifold": plots.manifold(model.decode, title="decoded plane, equal steps of probability"),
        "interpolation": plots.image_rows(rows),
    }
    findings = [
        Finding("test loss, nats", model.evaluate(test.x, return_dict=True, verbose=0)["loss"]),
        Finding("active latents", int(active.sum()), at_least=2),
        Finding("smallest E[sigma^2] + Var[mu] of an active latent", of_active[0], at_least=0.8),
        Finding("largest E[sigma^2] + Var[mu] of an active latent", of_active[1], at_most=1.2),
        Finding("class whose mean is nearest after the arithmetic", int(nearest), at_least=goal, at_most=goal),
    ]
    return Outcome(model, findings, figures, history.history)

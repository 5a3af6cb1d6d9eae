"""Test likelihood of a VAE on binarised MNIST, in the setting of Burda et al. (2016): two layers of 200, 50 latents.

python recipes/vae_nll.py                                          # the quick mode, 240 epochs
python recipes/vae_nll.py --epochs 1500                            # the full run, within an hour on two cores
python recipes/vae_nll.py --epochs 300                             # for comparison with
python recipes/vae_nll.py --epochs 300 --importance-samples 5      # the importance-weighted bound

Published are tanh units after 3,280 epochs of 3,000 updates each. Here SiLU units (`--activation tanh` for the
original), Adam with a cosine schedule and 600 updates an epoch. A run that was stopped continues
if it is started again.

Args:
    importance_samples: Importance samples in training; more than 1: the importance-weighted bound.
    activation: Activation of the hidden layers.
    nll_samples: Importance samples of the test likelihood.
"""

import json

import keras

from keras_gen import callbacks, load_model, metrics, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import Pipeline, binarize, load

PUBLISHED = {1: 86.76, 5: 85.54, 50: 84.78}  # nats; Burda et al., table 1, one stochastic layer


def bound_of(out, importance_samples, epochs):
    """The largest likelihood that passes, and where it comes from."""
    reference = f"published {PUBLISHED.get(importance_samples)}"
    if importance_samples == 1:
        return {"at_most": 88.0 if epochs < 1000 else 86.76, "reference": reference}
    single = out.with_name(f"vae_nll-k1-{epochs}-epochs") / "report.json"
    bound = json.loads(single.read_text())["findings"][0]["obtained"] - 0.5 if single.exists() else None
    return {"at_most": bound, "reference": f"{reference}, and 0.5 below k=1 after as many epochs, if that was run"}


@recipe
def main(
    data="mnist", importance_samples=1, epochs=240, batch_size=100, learning_rate=1e-3, activation="silu",
    nll_samples=5000, seed=0, width=1.0, out="saved_models/vae_nll-k{importance_samples}-{epochs}-epochs",
):  # fmt: skip
    train, test = load(data)
    batches = Pipeline(train.x, batch_size=batch_size, seed=seed, binarization="dynamic", drop_remainder=True)
    run = callbacks.RunFolder(out, every=25)
    resumed = run.model_path.exists()
    if resumed:
        model = load_model(run.model_path)
        run.resume(model.epochs_completed)
    else:
        options = {"importance_samples": importance_samples, "width": width, "activation": activation}
        model = presets.build("burda-vae", train.x.shape[1:], **options)
        schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * batches.batches(), alpha=0.01)
        model.compile(keras.optimizers.Adam(schedule))
    watchers = [keras.callbacks.TerminateOnNaN(), run]
    with Timer() as timer:
        model.fit(batches, epochs=epochs, initial_epoch=model.epochs_completed, callbacks=watchers, verbose=2)
        nll, error = metrics.negative_log_likelihood(model, binarize(test.x, seed=seed), samples=nll_samples)

    quick = epochs <= 240 and importance_samples == 1
    findings = [
        Finding(f"test NLL, nats, {nll_samples} samples", nll, **bound_of(out, importance_samples, epochs)),
        Finding("its standard error over the test set", error),
    ]
    if not resumed:  # the minutes of the last part alone mean nothing
        findings.append(Finding("minutes, training and evaluation", timer.minutes, at_most=10 if quick else 60))
    figures = {"samples": plots.image_grid(model.sample(64, seed=seed))}
    facts = {"binarisation": "dynamic in training, once for the test set"}
    return Outcome(model, findings, figures, run.history(), facts)

"""Six attacks on LeNet-5, trained plainly and with adversarial examples: errors, sizes of the changes, pictures.

python recipes/adversarial_examples.py [--data mnist]

L-BFGS and Carlini-Wagner attack the first `few` test images, the others all of `images`. The universal perturbation is
made from training images.

Args:
    images: Test images to attack.
    few: Test images for the two slow attacks, and for the norms that are compared with theirs.
    universal: Training images that the universal perturbation is made from.
    epsilon: Largest change of a pixel by FGSM and PGD, of a range of 1; the universal perturbation may reach .3.
    steps: Steps of Carlini-Wagner's attack for each weight.
    adversarial_training: Share of FGSM's examples in the loss of the second network.
"""

import time

import keras
import numpy as np

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.input_optimization import adversarial
from keras_gen.presets.registry import scaled

SHOWN = 8
UNIVERSAL = 0.3  # largest change of a pixel


def trained(train, sizes, share, epsilon, epochs, batch_size):
    classes = int(train.y.max()) + 1
    network = networks.lenet5(train.x.shape[1:], classes, *sizes)
    model = models.Classifier(network, (0, 1), adversarial_training=share, epsilon=epsilon)
    model.compile(keras.optimizers.AdamW(cosine_decay(2e-3, len(train.x), epochs, batch_size), 0.01))
    history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2).history
    return model, history


def attacks(model, train, test, epsilon, few, universal, steps, seed):
    """Yield the name of each attack, the attacked test images, and the seconds it took."""
    x, y = test
    slow = {"L-BFGS": adversarial.lbfgs, "Carlini-Wagner": adversarial.carlini_wagner}
    fast = {"FGSM": adversarial.fgsm, "PGD": adversarial.pgd, "DeepFool": adversarial.deepfool}
    for name, attack in {**fast, **slow}.items():
        options = {"FGSM": {"epsilon": epsilon}, "PGD": {"epsilon": epsilon}, "Carlini-Wagner": {"steps": steps}}
        n, start = few if name in slow else len(x), time.perf_counter()
        yield name, attack(model, x[:n], y[:n], **options.get(name, {})), time.perf_counter() - start
    start = time.perf_counter()
    v = adversarial.universal_perturbation(model, train.x[:universal], train.y[:universal], UNIVERSAL, seed=seed)
    yield "universal", np.clip(x + v, 0, 1), time.perf_counter() - start


@recipe
def main(
    data="mnist", images=1000, few=200, universal=2000, epsilon=0.25, steps=500, adversarial_training=0.5, epochs=12,
    batch_size=100, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    sizes = scaled("filters", (6, 16), width), scaled("units", (120, 84), width)
    x, y, few = test.x[:images], test.y[:images], min(few, images)
    models_of = {}
    for name, share in (("plain", 0.0), ("adversarial", adversarial_training)):
        keras.utils.set_random_seed(seed)
        models_of[name] = trained(train, sizes, share, epsilon, epochs, batch_size)
    table, figures, l2 = {}, {}, {}
    for name, (model, _) in models_of.items():
        shown = min(SHOWN, few)
        rows = {"images": x[:shown]}
        for attack, attacked, seconds in attacks(model, train, (x, y), epsilon, few, universal, steps, seed):
            n = len(attacked)
            table[name, attack] = adversarial.report(model, x[:n], attacked, y[:n])
            if name == "plain":
                l2[attack] = adversarial.report(model, x[:few], attacked[:few], y[:few]).l2
            rows[attack] = attacked[:shown]
            print(f"{name}, {attack}: {seconds:.1f} s for {n} images", flush=True)
        figures[name] = plots.image_rows(rows)
    noise = np.random.default_rng(seed).choice([-UNIVERSAL, UNIVERSAL], x.shape[1:])
    plain = models_of["plain"][0]
    by_noise = adversarial.report(plain, x, np.clip(x + noise, 0, 1), y).fooling_rate
    errors = {name: table[name, "FGSM"].attacked_error for name in models_of}
    clean = {name: np.mean(model.classify(test.x) != test.y) for name, (model, _) in models_of.items()}
    findings = [
        Finding("plain: test error, %", 100 * clean["plain"]),
        Finding("adversarial training: test error, %", 100 * clean["adversarial"], 100 * clean["plain"] + 0.3),
        Finding("plain: error under FGSM, %", 100 * errors["plain"]),
        Finding("adversarial training: error under FGSM, %", 100 * errors["adversarial"], 25 * errors["plain"]),
        Finding("plain: mean relative L2 norm of DeepFool's changes", table["plain", "DeepFool"].relative_l2, 0.20),
        Finding("plain: success of L-BFGS, %", 100 * table["plain", "L-BFGS"].success, at_least=100.0),
        Finding("plain: mean L2 norm of Carlini-Wagner's changes", l2["Carlini-Wagner"], l2["L-BFGS"]),
        Finding("plain: mean L2 norm of L-BFGS's changes", l2["L-BFGS"], l2["DeepFool"]),
        Finding("plain: share fooled by the universal perturbation, %", 100 * table["plain", "universal"].fooling_rate,
                at_least=max(60.0, 400 * by_noise)),
        Finding("plain: share fooled by noise of that size, %", 100 * by_noise),
    ]  # fmt: skip
    facts = {"reports": {f"{name}, {attack}": vars(report) for (name, attack), report in table.items()}}
    return Outcome(plain, findings, figures, models_of["adversarial"][1], facts)

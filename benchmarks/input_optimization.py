"""Attacks and visualisations against Foolbox, ART and tf-keras-vis: time per image, norms, differences.

    pip install foolbox adversarial-robustness-toolbox tf-keras-vis
    python benchmarks/input_optimization.py --data mnist

A LeNet-5 is trained for a few epochs; all see the same images, in the same order, with the same settings where they
have the same names. A peer that is not installed, or fails, is named with its reason. Contestants take turns within a
round; the first call of each, which compiles, is not counted. "Times" is a contestant's time over keras_gen's in the
same round, median over rounds.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import models, networks
from keras_gen.data import load
from keras_gen.input_optimization import adversarial, visualization

EPSILON, STEPS = 0.25, 40


def foolbox_attacks(network, x, y):
    """Functions of no arguments by the name of the attack."""
    import foolbox
    import tensorflow as tf

    model, attacks = foolbox.TensorFlowModel(network, bounds=(0, 1)), foolbox.attacks
    x, y = tf.constant(x), tf.constant(y)
    found = {
        "FGSM": (attacks.LinfFastGradientAttack(random_start=False), EPSILON),
        "PGD": (attacks.LinfPGD(abs_stepsize=2.5 * EPSILON / STEPS, steps=STEPS, random_start=False), EPSILON),
        "DeepFool": (attacks.L2DeepFoolAttack(), None),
        "Carlini-Wagner": (attacks.L2CarliniWagnerAttack(6, 500, 0.1, initial_const=0.1), None),
    }
    return {
        name: lambda attack=attack, epsilon=epsilon: attack(model, x, y, epsilons=epsilon)[1].numpy()
        for name, (attack, epsilon) in found.items()
    }


def art_attacks(network, x, y):
    """Functions of no arguments by the name of the attack."""
    import tensorflow as tf
    from art.attacks import evasion
    from art.estimators.classification import TensorFlowV2Classifier

    classifier = TensorFlowV2Classifier(
        network, nb_classes=10, input_shape=x.shape[1:], clip_values=(0, 1),
        loss_object=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )  # fmt: skip
    step, size = 2.5 * EPSILON / STEPS, len(x)
    found = {
        "FGSM": evasion.FastGradientMethod(classifier, eps=EPSILON, batch_size=size),
        "PGD": evasion.ProjectedGradientDescent(
            classifier, eps=EPSILON, eps_step=step, max_iter=STEPS, batch_size=size, verbose=False
        ),
        "DeepFool": evasion.DeepFool(classifier, max_iter=50, epsilon=0.02, batch_size=size, verbose=False),
    }
    return {name: lambda attack=attack: attack.generate(x, y) for name, attack in found.items()}


def exact_signs(network, x, y):
    """The signs of the gradient of the cross-entropy with respect to the images, computed in float64."""
    import tensorflow as tf

    def precise(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": "float64"})

    clone = keras.models.clone_model(network, clone_function=precise)
    clone.set_weights(network.get_weights())
    x = tf.constant(x, "float64")
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, clone(x))
    return np.sign(tape.gradient(losses, x).numpy())


def own_attacks(model, x, y):
    """Functions of no arguments by the name of the attack."""
    options = {"batch_size": len(x)}
    return {
        "FGSM": lambda: adversarial.fgsm(model, x, y, EPSILON, **options),
        "PGD": lambda: adversarial.pgd(model, x, y, EPSILON, STEPS, random_start=False, **options),
        "DeepFool": lambda: adversarial.deepfool(model, x, y, **options),
        "Carlini-Wagner": lambda: adversarial.carlini_wagner(model, x, y, **options),
    }


def own_saliency(model, x, y):
    """tf-keras-vis takes the last convolution, and enlarges maps with their corners on those of the image."""
    convolutions = [layer.name for layer in model.network.layers if isinstance(layer, keras.layers.Conv2D)]
    return {
        "saliency": lambda: visualization.saliency(model, x, y, batch_size=len(x)),
        "grad-CAM": lambda: visualization.grad_cam(model, x, y, convolutions[-1], batch_size=len(x)),
    }


def keras_vis(network, x, y):
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    score = CategoricalScore(y.tolist())
    saliency, gradcam = Saliency(network, clone=False), Gradcam(network, clone=False)
    return {
        "saliency": lambda: saliency(score, x, normalize_map=False),
        "grad-CAM": lambda: gradcam(score, x, penultimate_layer=-1, normalize_cam=False),
    }


def available(contestants, *arguments):
    """The functions of the contestants that can be made, by name; the others are printed with their reasons."""
    found = {}
    for name, make in contestants.items():
        try:
            found[name] = make(*arguments)
        except Exception as error:  # whatever a peer raises is no reason to end the measurement of the others
            print(f"{name}: does not run: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
    return found


def compare(contestants, x, y, model, rounds):
    """Print a table of what the contestants, dicts of functions by the name of a method, take and find."""
    own = contestants["keras_gen"]
    for method in own:
        functions = {name: found[method] for name, found in contestants.items() if method in found}
        results, times = {}, {name: [] for name in functions}
        for name in list(functions):
            try:
                results[name] = np.asarray(functions[name]())
            except Exception as error:  # as above
                if name == "keras_gen":
                    raise
                print(f"{name}, {method}: fails: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
                del functions[name], times[name]
        for _ in range(rounds):
            for name, function in functions.items():
                start = time.perf_counter()
                function()
                times[name].append(time.perf_counter() - start)
        for name, seconds in times.items():
            ratio = np.median(np.divide(seconds, times["keras_gen"]))
            line = f"{method:15} {name:12} {1e3 * np.median(seconds) / len(x):9.3f} ms an image, {ratio:6.2f} times"
            if results[name].shape == x.shape:
                found = adversarial.report(model, x, np.clip(results[name], 0, 1), y)
                line += f", success {found.success:.3f}, mean L2 {found.l2:.4f}, relative {found.relative_l2:.4f}"
            differences = np.abs(results[name] - results["keras_gen"])
            differing = f", largest difference {differences.max():.1e}, above 1e-4 in {np.mean(differences > 1e-4):.2%}"
            print(line + ("" if name == "keras_gen" else differing), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="digits or mnist")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    train, test = load(arguments.data)
    keras.utils.set_random_seed(0)
    network = networks.lenet5(train.x.shape[1:], 10)
    model = models.Classifier(network, value_range=(0, 1))
    model.compile(keras.optimizers.Adam(2e-3))
    model.fit(train.x, train.y, batch_size=100, epochs=arguments.epochs, verbose=0)
    right = np.flatnonzero(model.classify(test.x) == test.y)[: arguments.images]
    x, y = test.x[right], test.y[right]
    print(f"{len(x)} images of {arguments.data}, test error {np.mean(model.classify(test.x) != test.y):.2%}")
    peers = available({"Foolbox": foolbox_attacks, "ART": art_attacks}, network, x, y)
    contestants = {"keras_gen": own_attacks(model, x, y), **peers}
    expected = np.clip(x + EPSILON * exact_signs(network, x, y), 0, 1)
    for name, found in contestants.items():
        if "FGSM" in found:
            wrong = np.mean(np.abs(found["FGSM"]() - expected) > 1e-4)
            print(f"FGSM            {name:12} {wrong:.2%} of the pixels differ from those in float64")
    compare(contestants, x, y, model, arguments.rounds)
    peers = available({"tf-keras-vis": keras_vis}, network, x, y)
    compare({"keras_gen": own_saliency(model, x, y), **peers}, x, y, model, arguments.rounds)


if __name__ == "__main__":
    main()

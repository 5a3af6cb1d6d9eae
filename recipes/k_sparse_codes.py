"""1,000 hidden units, of which only the 25 largest are active in training, and logistic regression on their codes.

Args:
    k: Active units at the end of training, before the factor --width.
    first_k: Active units in the first epoch, before the factor --width.
    code_k: Active units in the codes, before the factor --width; more than in training.
    penalty: L2 penalty of the logistic regression on codes.
"""

import keras
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from keras_gen import callbacks, layers, models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


@recipe
def main(
    data="mnist", units=1000, k=25, first_k=100, code_k=75, epochs=40, batch_size=100, learning_rate=1e-3,
    penalty=50.0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    units, k, first_k, code_k = scaled("units", (units, k, first_k, code_k), width, 2)
    sparse = layers.KSparse(k, first_k=first_k)
    model = models.Autoencoder(*networks.mlp_autoencoder([train.x.shape[1:], units], tied=True, code_layer=sparse))
    mean = train.x.mean(axis=0)  # without it, one unit learns the mean image and a third of the others never pass
    x, x_test = train.x - mean, test.x - mean
    model.compile(keras.optimizers.Adam(cosine_decay(learning_rate, len(x), epochs, batch_size)))
    annealing = callbacks.KSparseAnnealing(max(2, epochs // 2))
    history = model.fit(x, batch_size=batch_size, epochs=epochs, callbacks=[annealing], verbose=2)

    images = model.encoder.get_layer("encoder_1").get_weights()[0].T.reshape(-1, *train.x.shape[1:])[:100]
    figures = {"filters": plots.image_grid(images / np.abs(images).max(), value_range=(-1, 1))}
    features = {"pixels": [split.x.reshape(len(split.x), -1) / x.std() for split in (train, test)]}
    for passing in (k, code_k):
        sparse.current_k.assign(passing)
        codes, test_codes = csr_matrix(model.encode(x)), csr_matrix(model.encode(x_test))
        scale = np.sqrt(codes.multiply(codes).mean())
        features[f"codes of {passing} active units"] = [codes / scale, test_codes / scale]
    findings = []
    for name, (inputs, test_inputs) in features.items():
        strength, bound = (1.0, None) if name == "pixels" else (penalty, 2.0)
        regression = LogisticRegression(C=1 / strength, max_iter=300, tol=1e-3).fit(inputs, train.y)
        error = 100 * np.mean(regression.predict(test_inputs) != test.y)
        findings.append(Finding(f"test error, %, {name}", error, at_most=bound))
    return Outcome(model, findings, figures, history.history)

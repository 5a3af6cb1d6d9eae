from types import SimpleNamespace

import numpy as np
import pandas as pd

from keras_gen import plots


def test_the_strongest_outliers_come_first_with_their_cells():
    errors = pd.DataFrame(np.eye(30)[:, :12] + 0.01, columns=[f"a column of number {n}" for n in range(12)])
    scores, cells = np.arange(30.0) + 1, errors.map("{:.2f}".format)
    figure = plots.outlier_report(scores, scores > 28, errors, cells)
    left, right, _ = figure.axes
    assert [len(line.get_xdata()) for line in left.lines] == [2, 28]
    assert [label.get_text() for label in right.get_yticklabels()][:2] == ["row 30", "row 29"]
    assert len(right.get_xticklabels()) == 10 and right.get_xticklabels()[0].get_text().endswith("…")
    np.testing.assert_allclose(right.images[0].get_array()[0], 1 / 12)
    assert right.texts[0].get_text() == "0.01"


def column(name, true, filled, baseline):
    return SimpleNamespace(name=name, true=true, filled=filled, baseline=baseline, summary=lambda: "good (better)")


def test_columns_with_gaps_come_first_and_categories_are_counted():
    numbers, words = np.array([1.0, 2.0, 4.0]), np.array(["a", "b", "a"], object)
    tests = [
        column("whole", numbers, numbers, 2.0),
        column("word", words, words[::-1], "a"),
        column("none", numbers[:0], numbers[:0], 2.0),
    ]
    figure = plots.imputation_report({"whole": 0.0, "word": 0.25, "none": 0.5}, tests)
    bars, word, whole = figure.axes[:3]
    assert [bar.get_width() for bar in bars.patches] == [0, 25, 50]
    assert word.get_title() == "word\ngood\n(better)" and [text.get_text() for text in word.texts] == ["2", "1"]
    assert whole.get_title().startswith("whole") and whole.lines[0].get_ydata().tolist() == numbers.tolist()

import numpy as np
import pandas as pd

from keras_gen import plots


def test_the_strongest_outliers_come_first_with_their_cells():
    errors = pd.DataFrame(np.eye(30)[:, :12] + 0.01, columns=[f"a column of number {n}" for n in range(12)])
    scores, written = np.arange(30.0) + 1, []

    def text(name, cell):
        written.append(name)
        return f"{cell:.2f}"

    figure = plots.outlier_report(scores, scores > 28, errors, errors, text)
    left, right, _ = figure.axes
    assert [len(line.get_xdata()) for line in left.lines] == [2, 28]
    assert [label.get_text() for label in right.get_yticklabels()][:2] == ["row 30", "row 29"]
    assert len(right.get_xticklabels()) == 10 and right.get_xticklabels()[0].get_text().endswith("…")
    np.testing.assert_allclose(right.images[0].get_array()[0], 1 / 12)
    assert right.texts[0].get_text() == "0.01"
    assert len(written) == len(right.texts) == 150, "the cells of other rows are not formatted"


def test_columns_with_gaps_come_first_and_categories_are_counted():
    numbers, words = np.array([1.0, 2.0, 4.0]), np.array(["a", "b", "a"], object)
    tests = {
        "whole": (numbers, numbers, "good (better)"),
        "word": (words, words[::-1], "good (better)"),
        "none": (numbers[:0], numbers[:0], "too few"),
    }
    figure = plots.imputation_report({"whole": 0.0, "word": 0.25, "none": 0.5}, tests)
    bars, word, whole = figure.axes[:3]
    assert [bar.get_width() for bar in bars.patches] == [0, 25, 50]
    assert word.get_title() == "word\ngood\n(better)" and [text.get_text() for text in word.texts] == ["2", "1"]
    assert whole.get_title().startswith("whole") and whole.lines[0].get_ydata().tolist() == numbers.tolist()

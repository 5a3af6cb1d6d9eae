import csv
import re
import warnings

import numpy as np
import pytest

from keras_gen.runs import tables

ROWS = 60


def written(tmp_path, gaps=True):
    """A CSV file in which `y` and `kind` follow from `x`, but for row 8; `id` numbers the rows."""
    path, rng = tmp_path / "table.csv", np.random.default_rng(0)
    lines = ["id,name,x,y,kind,when"]
    for row in range(ROWS):
        x = 2.0 if row == 7 else rng.normal()
        y, kind = (-x, "low") if row == 7 else (x, "high" if x > 0 else "low")
        y, kind = ("" if gaps and row % 9 == 4 else f"{9 * y:.2f}"), ("" if gaps and row % 9 == 5 else kind)
        lines.append(f"{row + 1},customer {row},{x:.3f},{y},{kind},2024-01-{1 + row % 28:02}")
    path.write_text("\n".join(lines) + "\n")
    return path


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.mark.compiled
def test_outliers_are_scored_in_the_tables_order_with_reasons(tmp_path):
    path = written(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lines = tables.outliers(path, tmp_path / "new" / "scores.csv", epochs=2)
    assert [str(one.message).split(": ")[0] for one in caught if "left out" in str(one.message)] == [
        "Column 'id' is left out",
        "Column 'name' is left out",
    ]
    found, given = rows(tmp_path / "new" / "scores.csv"), rows(path)
    assert [{key: row[key] for key in given[0]} for row in found] == given
    scores = np.array([float(row["outlier_score"]) for row in found])
    ranks = np.array([int(row["outlier_rank"]) for row in found])
    assert sorted(ranks) == list(range(1, ROWS + 1)) and (np.diff(scores[np.argsort(ranks)]) <= 0).all()
    assert [row["outlier"] for row in found].count("True") == 6 == (ranks <= 6).sum()
    assert ranks[7] == 1 and found[7]["outlier_columns"].startswith("y -18.00, expected "), "the row that was planted"
    assert [int(row["outlier_row"]) for row in found] == list(range(1, ROWS + 1))
    assert any(line.startswith("  row 8, score ") for line in lines), "the first row below the column names is 1"
    for number, row in enumerate(found):
        parts = row["outlier_columns"].split("; ")
        gaps = [name for name, left_over in (("y", 4), ("kind", 5)) if number % 9 == left_over]
        assert not gaps or parts.pop() == f"filled: {gaps[0]}"
        kinds = r"(expected \S+|unusual in this combination)" if row["outlier"] == "True" else r"expected \S+"
        for part in filter(None, parts):
            assert re.fullmatch(rf"\w+ \S+, {kinds} \(\d+ %\)", part), part
    assert not any(row["outlier_columns"].startswith("y ") for row in found[4::9]), "what is filled is no reason"
    assert (tmp_path / "new" / "scores.png").stat().st_size > 10_000
    assert lines[0].startswith("Filled 14 missing cells") and "Flagged: 6 of 60 rows (--cont" in lines[1]


@pytest.mark.compiled
def test_imputation_fills_gaps_and_changes_nothing_else(tmp_path):
    path = written(tmp_path)
    lines = tables.impute(path, tmp_path / "filled.csv", without=("id", "name"), epochs=2)
    for before, after in zip(rows(path), rows(tmp_path / "filled.csv"), strict=True):
        assert all(before[key] in ("", after[key]) and after[key] for key in before)
        assert after["kind"] in ("low", "high") and -30 < float(after["y"]) < 30
    assert (tmp_path / "filled.png").exists()
    assert lines[0].startswith("Filled 14 cells.") and "  y: 7 filled; RMSE " in lines[1]
    assert "  kind: 7 filled; " in lines[2] and "% of" in lines[2]


def test_a_column_that_would_be_an_identifier_without_its_hidden_cells_is_not_tested(tmp_path):
    texts = [f"text {row}" for row in range(39)] * 2 + [""]  # 50 % are different
    (tmp_path / "table.csv").write_text("text,x\n" + "".join(f"{text},{row % 7}\n" for row, text in enumerate(texts)))
    lines = tables.impute(tmp_path / "table.csv", tmp_path / "filled.csv", epochs=1)
    assert lines[1] == "  text: 1 filled; too few known cells for a test"


@pytest.mark.parametrize("command", [tables.outliers, tables.impute])
def test_bad_input_is_refused_and_nothing_is_written(command, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_gen.estimators.base.AutoencoderEstimator._trained", None)  # nothing may be trained
    path, out = written(tmp_path, gaps=False), tmp_path / "out.csv"
    (constant := tmp_path / "constant.csv").write_text("a,b\n" + "1,x\n" * 5)
    (scored := tmp_path / "scored.csv").write_text("outlier_score,b\n1,2\n2,1\n")
    (names := tmp_path / "names.csv").write_text("n\n" + "".join(f"name {row}\n" for row in range(50)))
    (taken := tmp_path / "taken.csv").write_text("mine")
    files = sorted(tmp_path.iterdir())
    bad = [
        ((path, taken), {}, "--out exists already"),
        ((path, tmp_path / "out.txt"), {}, "Unknown suffix"),
        ((path, out), {"picture": tmp_path / "a.bmp"}, "--picture has an unknown suffix"),
        ((path, out), {"without": ("nmae",)}, "Did you mean 'name'"),
        ((path, out), {"without": ("x", "y", "kind", "when")}, "needs at least two rows, and one column"),
        ((names, out), {}, "needs at least two rows, and one column"),
        ((path, out), {"epochs": 0}, "`epochs` must be an integer >= 1"),
        ((tmp_path / "none.csv", out), {}, "The table is missing"),
    ]
    if command is tables.outliers:
        bad.append(((constant, out), {}, "A table without variation has no outliers"))
        bad.append(((scored, out), {}, "names of the results"))
        bad.append(((path, out), {"contamination": 0.0}, r"`contamination` must be in \(0, 0.5\]"))
    else:
        bad.append(((path, out), {}, "has no missing cell"))
    for arguments, options, message in bad:
        with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match=message):
            command(*arguments, **options)
    assert sorted(tmp_path.iterdir()) == files and taken.read_text() == "mine"


def test_an_expected_value_of_a_flagged_row_is_called_unusual(tmp_path):
    rng = np.random.default_rng(0)
    plans = np.where(np.arange(80) == 3, "gold", "basic")
    path = tmp_path / "table.csv"
    path.write_text(
        "plan,x\n" + "".join(f"{plan},{x:.2f}\n" for plan, x in zip(plans, rng.normal(size=80), strict=True))
    )
    table = tables.read_table(path)
    errors = table.frame.assign(plan=1.0, x=0.0)
    frame, flagged = table.frame, np.arange(80) == 3
    reasons = tables._reasons(table, frame, errors, frame, frame.isna(), flagged)
    assert reasons[3] == ["plan gold, unusual in this combination (100 %)"] and reasons[4] == []

import pytest

from keras_gen.estimators import AutoencoderOutlierDetector


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("name,x,kind\n" + "".join(f"n{n},{n * n % 7},{'' if n == 3 else 'ab'[n % 2]}\n" for n in range(20)))
    return path


@pytest.mark.compiled
def test_outliers_and_impute(run, table, tmp_path):
    for command, out in (("outliers", "scores.csv"), ("impute", "filled.csv")):
        arguments = (command, table, "--out", tmp_path / out, "--without", "name", "--epochs", 1)
        code, printed, err = run(*arguments)
        assert code == 0 and f"Wrote {tmp_path / out}" in printed, err
        assert (tmp_path / out).exists() and (tmp_path / out).with_suffix(".png").exists()
    assert (tmp_path / "filled.csv").read_text().splitlines()[4] in ("n3,2,a", "n3,2,b")


def test_the_default_in_the_help_is_the_detectors(run):
    _, printed, _ = run("outliers", "--help")
    assert f"[default: {AutoencoderOutlierDetector().contamination}]" in " ".join(printed.replace("│", " ").split())


def test_errors_are_one_line(refused, table, tmp_path):
    assert "--out exists already" in refused("impute", table, "--out", table)
    assert "Unknown column" in refused("outliers", table, "--out", tmp_path / "s.csv", "--without", "z")

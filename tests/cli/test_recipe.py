import inspect
import json
import random
import runpy
import sys
import types

import keras
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from keras_gen.cli.recipe import Finding, Outcome, Recipe, Timer, cosine_decay, cosine_decay_by_epoch, recipe
from keras_gen.plots.palette import LINE_COLOURS

TEXT = """What it does,
on two lines.

python recipes/small.py           # as it is
python recipes/small.py --k 3     # otherwise

Args:
    k: The number k.
    sizes, blended: Details.
"""


def small(out, data="digits", k=2, sizes=(1, 2), blended=True, precision="float32", seed=0, width=1.0):
    """A model whose weights and findings tell what the recipe has set."""
    if data == "missing":
        raise ValueError("No data.\nExpected: digits. Received: missing")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    (out / "while-training").mkdir(parents=True)
    findings = [Finding("a draw", random.random()), Finding("k", k, at_most=2)]
    return Outcome(model, findings, {"empty": Figure()}, {"loss": [2.0, 1.0]}, facts={"policy": policy()})


def policy():
    return keras.config.dtype_policy().name


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


@pytest.fixture
def made():
    return Recipe(small, "small", TEXT)


def test_a_call_saves_the_model_and_the_figures_and_reports(made, tmp_path, capsys):
    outcome = made(k=3, sizes=(4, 5), out=tmp_path / "run")
    report = report_of(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "model.keras", "empty.png", "history.png", "report.json", "while-training",
    }  # fmt: skip
    loaded = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert np.array_equal(loaded.get_weights()[0], outcome.model.get_weights()[0])
    assert report["title"] == "small" and [row["verdict"] for row in report["findings"]] == ["stated", "missed"]
    assert report["protocol"] == {
        "data": "digits", "k": 3, "sizes": [4, 5], "blended": True, "precision": "float32", "width": 1.0, "seed": 0,
        "policy": "float32",
    }  # fmt: skip
    assert "k: expected <= 2, obtained 3: missed" in capsys.readouterr().out


def test_the_seed_sets_every_random_state(made, tmp_path):
    runs = [made(seed=seed, out=tmp_path / str(number)) for number, seed in enumerate((5, 5, 6))]
    draws = [run.findings[0].obtained for run in runs]
    weights = [run.model.get_weights()[0] for run in runs]
    assert draws[0] == draws[1] != draws[2]
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])


def test_the_precision_is_the_dtype_policy_during_the_call_alone(made, tmp_path):
    made(precision="mixed_bfloat16", out=tmp_path / "half")
    assert report_of(tmp_path / "half")["protocol"]["policy"] == "mixed_bfloat16" and policy() == "float32"
    with pytest.raises(ValueError, match="No data"):
        made(precision="mixed_bfloat16", data="missing", out=tmp_path)
    assert policy() == "float32"


def test_lines_have_the_colours_of_the_palette_during_the_call_alone(tmp_path):
    drawn = []

    def lines(seed=0):
        drawn.extend(line.get_color() for line in Figure().subplots().plot(np.zeros((2, 6))))
        return Outcome(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), [])

    before = matplotlib.rcParams["axes.prop_cycle"]
    Recipe(lines, "lines", TEXT)(out=str(tmp_path / "out"))
    assert drawn == [*LINE_COLOURS, LINE_COLOURS[0]] and matplotlib.rcParams["axes.prop_cycle"] == before


def test_a_default_folder_names_other_arguments(tmp_path, monkeypatch):
    def main(k=2, out="runs/k-{k}"):
        return Outcome(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), [])

    monkeypatch.chdir(tmp_path)
    Recipe(main, "named", TEXT)(k=7)
    Recipe(main, "named", TEXT)(k=7, out="{k}")
    assert (tmp_path / "runs" / "k-7" / "report.json").exists() and (tmp_path / "{k}" / "report.json").exists()
    assert Recipe(small, "small", TEXT).arguments["out"].default == "saved_models/small"


def test_arguments_that_are_missing_or_unknown_are_refused(made, tmp_path):
    with pytest.raises(TypeError, match="unexpected keyword argument 'epochs'"):
        made(epochs=3)
    with pytest.raises(ValueError, match="Expected: `units_of_what` under Args"):
        Recipe(lambda units_of_what=3: None, "odd", TEXT)
    with pytest.raises(TypeError, match="missing a required argument: 'data'"):
        Recipe(lambda data: None, "required", TEXT)(out=tmp_path)


def test_facts_must_not_hide_arguments(tmp_path):
    def main(k=2):
        return Outcome(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), [], facts={"k": 3})

    with pytest.raises(TypeError, match="multiple values for keyword argument 'k'"):
        Recipe(main, "hiding", TEXT)(out=tmp_path)


def test_the_decorator_reads_name_and_text_from_the_file(monkeypatch):
    monkeypatch.setitem(globals(), "__doc__", TEXT)
    made = recipe(small)
    assert (made.name, made.__doc__) == ("test_recipe", TEXT) and made.arguments["k"].help == "The number k."
    assert list(inspect.signature(made).parameters)[-2:] == ["seed", "out"]


def test_help_shows_the_text_and_every_option(made):
    text = CliRunner().invoke(made.app, ["-h"]).output
    assert "What it does, on two lines." in text
    assert "  python recipes/small.py           # as it is\n  python recipes/small.py --k 3     # otherwise\n" in text
    assert "The number k." in text and "Factor of all hidden widths" in text and "Args:" not in text
    assert "[default: saved_models/small]" in text and "--no-blended" in text


def test_the_command_line_gives_the_arguments(made, tmp_path):
    arguments = ["--k", "4", "--sizes", "7,8", "--no-blended", "--out", str(tmp_path / "run")]
    assert CliRunner().invoke(made.app, arguments).exit_code == 0
    protocol = report_of(tmp_path / "run")["protocol"]
    assert (protocol["k"], protocol["sizes"], protocol["blended"]) == (4, [7, 8], False)


def test_an_error_that_the_user_can_mend_is_one_line(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["small", "--data", "missing", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="1"):
        made.run()
    assert capsys.readouterr().err == "Error: No data. Expected: digits. Received: missing\n"
    monkeypatch.setattr(sys, "argv", ["small", "--k", "many"])
    with pytest.raises(SystemExit, match="2"):
        made.run()
    err = capsys.readouterr().err
    assert err.startswith("Error: Invalid value for '--k'") and err.endswith(" Received: --k many\n")


def test_a_script_runs_its_recipe_and_a_notebook_does_not(tmp_path, monkeypatch, capsys):
    script = tmp_path / "script.py"
    script.write_text('"""Say."""\nfrom keras_gen.cli.recipe import recipe\n\n@recipe\ndef main(): ...\n')
    monkeypatch.setattr(sys, "argv", ["script.py", "--help"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(script), run_name="__main__")
    assert "Usage: script.py" in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    exec(compile(script.read_text(), script, "exec"), {"__name__": "__main__", "__doc__": "Say."})


def test_timer_measures_its_block(monkeypatch):
    monkeypatch.setattr("time.perf_counter", iter([100.0, 190.0]).__next__)
    with Timer() as timer:
        pass
    assert (timer.seconds, timer.minutes) == (90.0, 1.5)


def test_cosine_decays_begin_at_the_rate_and_reach_zero():
    by_update = cosine_decay(0.5, n=250, epochs=2, batch_size=100)
    assert [float(by_update(step)) for step in (0, 3, 6)] == pytest.approx([0.5, 0.25, 0.0], abs=1e-7)
    rising = cosine_decay(0.5, n=250, epochs=4, batch_size=100, warmup=1 / 3)
    assert [float(rising(step)) for step in (0, 2, 4, 8, 12)] == pytest.approx([0, 0.25, 0.5, 0.25, 0], abs=1e-7)
    by_epoch = cosine_decay_by_epoch(0.5, 4)
    assert [by_epoch.schedule(epoch) for epoch in (0, 2, 4)] == pytest.approx([0.5, 0.25, 0.0])

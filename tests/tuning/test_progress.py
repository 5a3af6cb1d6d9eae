import re
from types import SimpleNamespace

import numpy as np

from keras_gen import tuning
from keras_gen.tuning import progress
from keras_gen.tuning.objectives import objective_of

SMALL = {"epochs": 1, "batch_size": 32, "units": (6,), "tuner": "grid"}


def test_a_line_for_each_trial_with_its_values_its_result_and_the_best(digits, tmp_path, capsys):
    found = tuning.search(digits, "latent_dim=2:5", tmp_path / "s", trials=3, **SMALL)
    lines, best = capsys.readouterr().out.splitlines(), None
    assert len(lines) == 3
    for line, row in zip(lines, found.rows, strict=True):
        best = row if best is None or row["error"] < best["error"] else best
        so_far = f"{best['error']:.4g} (trial {best['trial']})"
        text = f"latent_dim {row['latent_dim']}: error {row['error']:.4g}; best so far: {so_far}"
        assert re.sub(r" \([\d.]+ s\)", "", line, count=1) == f"Trial {row['trial']}/3: {text}"
    tuning.search(digits, "latent_dim=2:5", tmp_path / "t", trials=1, verbose=0, **SMALL)
    assert capsys.readouterr().out == ""


def test_a_failed_trial_is_shown_with_its_reason(capsys):
    row = {"trial": 1, "width": 0.5, "status": "failed", "error": np.nan, "reason": "diverged"}
    table = SimpleNamespace(
        write=lambda trials: ([row], [np.nan]),
        objective=objective_of("error"),
        values_of=lambda row: {"width": row["width"]},
    )
    trial = SimpleNamespace(trial_id="0")
    oracle = SimpleNamespace(max_trials=2, trials={}, create_trial=lambda tuner: trial, end_trial=lambda trial: None)
    progress.report_trials(oracle, table, verbose=1)
    oracle.end_trial(oracle.create_trial("tuner0"))
    assert capsys.readouterr().out.endswith(": width 0.5: failed, diverged; best so far: none\n")


def test_a_trial_that_an_earlier_process_handed_out_has_no_time(capsys):
    row = {"trial": 1, "width": 0.5, "status": "completed", "error": 2.0, "reason": ""}
    table = SimpleNamespace(
        write=lambda trials: ([row], [2.0]),
        objective=objective_of("error"),
        values_of=lambda row: {"width": row["width"]},
    )
    oracle = SimpleNamespace(max_trials=2, trials={}, create_trial=None, end_trial=lambda trial: None)
    progress.report_trials(oracle, table, verbose=1)
    oracle.end_trial(SimpleNamespace(trial_id="0"))
    assert capsys.readouterr().out == "Trial 1/2: width 0.5: error 2; best so far: 2 (trial 1)\n"

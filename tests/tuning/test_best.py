import json

from keras_gen import load_model, presets
from keras_gen.runs.settings import Settings
from keras_gen.tuning.best import BestModel


def test_only_a_better_model_replaces_the_one_that_is_kept_by_whichever_process(tmp_path):
    models = {size: presets.build("autoencoder", (4,), latent_dim=size, units=()) for size in (1, 2, 3)}
    for score, size, kept in ((5.0, 1, 1), (6.0, 2, 1), (5.0, 2, 1), (4.0, 3, 3)):
        best = BestModel(tmp_path)  # of another process
        best.keep_if_better(score, models[size], Settings("autoencoder", options={"latent_dim": size}))
        assert load_model(tmp_path).code_shape == (kept,)
        assert json.loads((tmp_path / "settings.json").read_text())["arguments"]["latent_dim"] == kept
    assert BestModel(tmp_path).score == 4

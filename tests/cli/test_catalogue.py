import pytest

from keras_gen import presets
from keras_gen.cli import catalogue
from keras_gen.training.tasks import TASKS


@pytest.mark.parametrize("task", [None, *TASKS])
def test_the_sources_say_what_the_registry_says(task):
    chosen = {name: one for name, one in presets.PRESETS.items() if task is None or task not in one.model.tasks}
    expected = {name: preset.summary for name, preset in chosen.items()}
    assert list(catalogue.presets(task).items()) == list(expected.items())


def test_lines_name_every_preset_and_the_data():
    text = "\n".join(catalogue.lines())
    assert all(f"  {name} " in text and preset.summary in text for name, preset in presets.PRESETS.items())
    assert "Models:" in text and "Data:\n  digits" in text

import json

import pytest

from keras_gen.reports import Finding, report


@pytest.mark.parametrize(
    ("bounds", "obtained", "expected", "verdict"),
    [
        ({"at_most": 2}, 2, "<= 2", "reached"),
        ({"at_most": 2}, 2.1, "<= 2", "missed"),
        ({"at_least": 2}, 1.9, ">= 2", "missed"),
        ({"at_most": 3, "at_least": 2}, 2.5, "<= 3 and >= 2", "reached"),
        ({"at_most": 3}, float("nan"), "<= 3", "missed"),
        ({}, 5, "stated only", "stated"),
    ],
)
def test_verdicts(bounds, obtained, expected, verdict):
    finding = Finding("figure", obtained, **bounds)
    assert (finding.expected, finding.verdict) == (expected, verdict)


def test_the_report_is_printed_and_kept(tmp_path, capsys):
    path = report("title", [Finding("nll, nats", 87.0, at_most=88, reference="paper")], tmp_path, {"seed": 4})
    assert "nll, nats: expected <= 88 (paper), obtained 87: reached" in capsys.readouterr().out
    content = json.loads(path.read_text())
    assert content["protocol"] == {"seed": 4} and content["findings"][0]["verdict"] == "reached"

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from keras_gen.estimators.encoding import TableEncoder, is_frame, is_identifier


def table():
    """A column of each type, the third cell of each missing."""
    times = pd.to_datetime(["2020-03-28 10:00", "2020-03-29 11:30", None, "2020-04-01 00:00"])
    return pd.DataFrame(
        {
            "number": [1.5, 2.5, np.nan, 4.0],
            "whole": pd.array([1, 2, None, 6], "Int64"),
            "text": ["b", "a", None, "b"],
            "mixed": [True, False, None, True],
            "truth": pd.array([True, False, None, True], "boolean"),
            "category": pd.cut([1.0, 2.0, np.nan, 6.0], 2),
            "date": pd.to_datetime(["2020-01-01", "2020-01-05", None, "2020-02-01"]),
            "time": times.tz_localize("Europe/Vienna"),
            "duration": pd.to_timedelta([1, 2, None, 4], unit="h"),
        }
    )


def test_decoding_inverts_encoding_and_keeps_types():
    complete = table().drop(index=2)
    encoder = TableEncoder().fit(complete)
    features = encoder.transform(complete)
    assert features.shape == (3, sum(encoder.widths_)) and np.isfinite(features).all()
    decoded = encoder.inverse_transform(features, complete.index)
    for name in complete:
        assert decoded[name].tolist() == complete[name].tolist(), name
    same = [name for name in complete if name not in ("whole", "mixed")]  # whole numbers and truth values need no gaps
    assert decoded[same].dtypes.equals(complete[same].dtypes)
    assert (decoded["whole"].dtype, decoded["mixed"].dtype) == ("int64", "bool")


def test_filling_changes_missing_cells_alone():
    gaps = table()
    encoder = TableEncoder().fit(gaps)
    features = encoder.transform(gaps)
    assert np.isnan(features[2]).all() and np.isfinite(features[[0, 1, 3]]).all()
    filled = encoder.fill(gaps, np.where(np.isnan(features), features[3], features))
    assert gaps.isna().all(axis=1).tolist() == [False, False, True, False], "the table is not changed"
    for name in gaps:
        assert filled[name].tolist() == [gaps[name][row] for row in (0, 1, 3, 3)], name
    others = gaps.columns != "mixed"
    assert filled.dtypes[others].equals(gaps.dtypes[others]) and filled["mixed"].dtype == "bool"


def test_values_between_the_known_ones_are_rounded_and_none_is_beyond():
    encoder = TableEncoder().fit(table())
    gaps, features = table(), encoder.transform(table())
    for part, expected in ((0.4, [2.5, 3, "2020-01-13", 2.2]), (9.0, [4.0, 6, "2020-02-01", 4.0])):
        ends = features[0] + part * (features[3] - features[0])
        row = encoder.fill(gaps, np.where(np.isnan(features), ends, features)).iloc[2]
        assert row["number"] == pytest.approx(expected[0]) and row["whole"] == expected[1]
        assert str(row["date"].date()) == expected[2]
        assert row["duration"] == pd.Timedelta(hours=expected[3]).round("h") and row["time"].second == 0


def test_an_unknown_category_has_an_indicator_of_its_own():
    encoder = TableEncoder().fit(pd.DataFrame({"text": ["a", "b", "a"]}))
    features = encoder.transform(pd.DataFrame({"text": ["b", "new", 7, None]}))
    np.testing.assert_array_equal(features, [[0, 1, 0], [0, 0, 1], [0, 0, 1], [np.nan] * 3])
    assert encoder.inverse_transform(np.array([[0.1, 0.3, 0.9]]))["text"].tolist() == ["b"]


def test_rare_categories_share_the_indicator_of_unknown_ones():
    texts = pd.Series([f"frequent {n:03}" for n in range(100)] * 3 + [f"rare {n:03}" for n in range(50)])
    encoder = TableEncoder().fit(texts.to_frame("text"))
    features = encoder.transform(texts.to_frame("text"))
    assert encoder.widths_ == [101] and features.sum() == 350
    assert features[300:, 100].all() and not features[:300, 100].any()
    features[300:, 7] = 0.5  # the nearest of those with an indicator of their own
    decoded = encoder.inverse_transform(features)["text"]
    assert (decoded[:300] == texts[:300]).all() and (decoded[300:] == "frequent 007").all()
    gaps = texts.astype("category").to_frame("text")
    gaps.loc[349] = None
    assert encoder.fill(gaps, features)["text"].tolist()[-2:] == ["rare 048", "frequent 007"]


def test_each_column_has_variance_one_in_the_common_scale():
    frame = pd.DataFrame({"number": [1.0, 5.0, 3.0, 9.0], "text": list("abcb"), "constant": ["x"] * 4})
    encoder = TableEncoder().fit(frame)
    features = encoder.transform(frame)
    scaled = features / encoder.common_scale(features.var(axis=0))
    np.testing.assert_allclose(encoder.by_column((scaled - scaled.mean(axis=0)) ** 2).mean(axis=0), [1, 1, 0])


def test_identifiers():
    names = pd.Series([f"name {number}" for number in range(100)])
    assert is_identifier(names) and not is_identifier(names[:30]) and not is_identifier(names.str[:6])
    assert not is_identifier(pd.Series(np.arange(100.0))) and is_frame(names.to_frame()) and not is_frame(names)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": ["x", 1]}, "must be of one type. Received: int, str in column 'a'"),
        ({"id": [f"{n:03}" for n in range(99)]}, r"X.drop\(columns=\['id'\]\).* mostly different values in 'id'"),
        ({"day": [datetime.date(2020, 1, 1)]}, r"Expected: pandas.to_datetime\(X\['day'\]\). Received: date objects"),
        ({"money": [decimal.Decimal(1)]}, r"Expected: pandas.to_numeric\(X\['money'\]\). Received: decimal objects"),
    ],
)
def test_bad_columns(columns, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder().fit(pd.DataFrame(columns))


def test_bad_tables():
    with pytest.raises(ValueError, match="Column names must be unique. Received: more than one column named 'a'"):
        TableEncoder().fit(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(
        ValueError, match="Column 'a' is of another type than in `fit`. Expected: numbers. Received: 'x'"
    ):
        encoder.transform(pd.DataFrame({"a": ["x"]}))

import datetime
import decimal
import importlib.util

import pandas as pd
import pytest

from keras_gen.data.tables import read_table, table_suffix, without_columns

TEXT = """id;age;width;when;due;paid;code;colour;note
1;3; 1,5;2020-01-31;13.02.2020;TRUE;01234;red;
2;;2,25;;1.3.2020;FALSE;02345;NA;
3;5;?;2020-03-01;?;;;"a; b";null
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")
    return path


def test_columns_of_a_csv_have_the_types_of_their_cells(file):
    table = read_table(file)
    assert list(table.frame) == TEXT.split("\n")[0].split(";") and table.separator == ";"
    assert table.frame["age"].dtype == "Int64" and table.frame["paid"].dtype == "boolean"
    assert table.frame["width"].tolist()[:2] == [1.5, 2.25] and table.frame["code"][0] == "01234"
    assert [str(date.date()) for date in table.frame["due"][:2]] == ["2020-02-13", "2020-03-01"]
    assert table.frame["colour"][2] == "a; b"
    assert table.frame.isna().sum().tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 3]


def test_known_cells_are_written_as_they_were_and_filled_ones_alike(file, tmp_path):
    table = read_table(file)
    frame = table.frame.copy()
    frame.loc[1, "age"], frame.loc[2, "width"], frame.loc[2, "paid"] = 4, 1.876, True
    frame.loc[1, "when"] = frame.loc[2, "due"] = pd.Timestamp("2020-02-03")
    table.filled(frame).write(tmp_path / "filled.csv")
    expected = TEXT.replace("2;;2,25;;", "2;4;2,25;2020-02-03;")
    expected = expected.replace("3;5;?;2020-03-01;?;;", "3;5;1,88;2020-03-01;03.02.2020;TRUE;").replace('"', "")
    assert (tmp_path / "filled.csv").read_text().replace('"', "") == expected


@pytest.mark.parametrize("cell", ["1,5", " +1,5", '"1,5"'])
def test_decimal_commas_are_found_in_the_first_column_and_written(cell, tmp_path):
    (tmp_path / "a.csv").write_text(f"a;b\r\n{cell};x\r\n2,25;y\r\n", newline="")
    table = read_table(tmp_path / "a.csv")
    assert table.frame["a"].tolist() == [1.5, 2.25]
    table.with_columns(pd.DataFrame({"score": [0.25, 1e-6], "rank": [1, 2]})).write(tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text().splitlines()[:2] == ["score;rank;a;b", "0,25;1;" + cell.strip('"') + ";x"]
    again = read_table(tmp_path / "b.csv").frame
    assert again["score"].tolist() == [0.25, 1e-6] and again["a"].tolist() == [1.5, 2.25]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2"], "Int64"),
        (["1e3", "nan"], "float64"),
        (["5/31/2024", "6/1/2024"], "datetime64"),
        (["2024-01-01 10:00:00", "2024-01-02 11:30:00"], "datetime64"),
        (["2024-01-01", "tomorrow"], "object"),
        (["007", "11"], "object"),
        (["1.2.3", "1"], "object"),
        (["", ""], "float64"),
        (["99999999999999999999999", "1"], "object"),
    ],
)
def test_types(cells, kind, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{cell},x\n" for cell in cells))
    assert str(read_table(tmp_path / "a.csv").frame["a"].dtype).startswith(kind)


def test_parquet_keeps_types_and_needs_pyarrow(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"when": pd.to_datetime(["2020-01-01", None]), "kind": pd.Categorical(["a", None])})
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(table.frame, frame)
    table.write(tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "b.parquet"), frame)
    assert table.shown("when", frame["when"][0]) == "2020-01-01" and table.shown("x", 1.23456) == "1.235"
    assert table.shown("when", frame["when"][1]) == table.shown("kind", None) == "(missing)"
    objects = pd.DataFrame({"day": [datetime.date(2020, 1, 1), None], "money": [decimal.Decimal("1.25"), None]})
    objects.to_parquet(tmp_path / "c.parquet")
    read = read_table(tmp_path / "c.parquet").frame
    assert read["day"].dtype.kind == "M" and read["money"][0] == 1.25 and read.isna().sum().tolist() == [1, 1]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="Parquet files need pyarrow. Expected: pip install"):
        read_table(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "Received: an empty file"),
        ("a.csv", b"a,b\n", "has no rows. Expected: column names and at least one row"),
        (
            "wide.csv",
            b",".join(b"c%d" % n for n in range(50_001)) + b"\n1\n",
            "50,000 columns. Received: 50,001",
        ),
        ("a.csv", b"a,a\n1,2\n", r"Column names must be unique. Received: \['a'\] more than once"),
        ("a.csv", b"\x89PNG\xff\x00", "is not a CSV file. Expected: text in UTF-8"),
        ("a.csv", b"a,b\n1\x00,2\n", "Received: zero bytes"),
        ("a.csv", b"a;b\n1,5;x\n1.234;y\n", "Column 'a' has points .* numbers such as 1234,56. Received: '1.234'"),
        ("a.csv", b"a;b\n1,5;1.234,5\n1,7;3,5\n", "Column 'b' has points .* Received: '1.234,5'"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "is not a CSV file: .*Expected 2 fields in line 3, saw 3"),
        ("a.parquet", b"a,b\n1,2\n", "is not a Parquet file"),
        ("a.xlsx", b"", r"Expected: one of \('.csv', '.tsv', '.parquet'\). Received: .*a.xlsx"),
        ("a.csv", None, "The table is missing. Expected: a CSV or Parquet file"),
    ],
)
def test_bad_files(name, content, message, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / name)


def test_columns_to_leave_out():
    frame = pd.DataFrame({"a": [1], "b": [2]})
    assert list(without_columns(frame, ("a",))) == ["b"] and table_suffix("A.CSV") == ".csv"
    with pytest.raises(ValueError, match="Unknown column"):
        without_columns(frame, ("c",))

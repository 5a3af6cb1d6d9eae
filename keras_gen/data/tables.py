"""Tables in CSV and Parquet files, read and written by pandas.

The cells of a CSV file are kept as text, so cells that are not filled are written as they were read.
"""

import dataclasses
import importlib.util
import io
import re
import typing
import warnings
from pathlib import Path

from keras_gen import checks
from keras_gen.files import atomic_write

SUFFIXES = (".csv", ".tsv", ".parquet")
_MOST_COLUMNS = 50_000
_MISSING = {"", "na", "n/a", "#n/a", "nan", "<na>", "nat", "null", "none", "?"}
_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d).*"
_CODE = r"[+-]?0\d+"  # whole numbers with a leading zero, such as postcodes, are names
_DECIMAL_COMMA = r'(?:^|;)\s*"?[+-]?\d+,\d+"?\s*(?:;|$)'  # a cell of a file with semicolons
_WITH_POINTS = r"[+-]?(\d+|\d{1,3}(\.\d{3})+|\d*\.\d+)(,\d+)?"  # numbers, some with points for thousands or decimals
_CONVERSIONS = {"date": "to_datetime", "decimal": "to_numeric"}  # functions of pandas for objects of Parquet files


@dataclasses.dataclass
class Table:
    """A table and the text of its file.

    Args:
        frame: `pandas.DataFrame` of numbers, booleans, dates, texts and missing values.
        text: `pandas.DataFrame` of strings, the cells of a CSV file, or `None` for other files. Defaults to `None`.
        writers: Dict from a column of `text` to the function that writes one of its values as a string. Defaults to
            {}.
        separator: Character between the cells of `text`. Defaults to `","`.
        decimal: Character before the decimals of numbers in `text`. Defaults to `"."`.
    """

    frame: typing.Any
    text: typing.Any = None
    writers: dict = dataclasses.field(default_factory=dict)
    separator: str = ","
    decimal: str = "."

    def filled(self, frame):
        """A table with the values of `frame` in the missing cells of this one; all other cells are as they were."""
        text = None
        if self.text is not None:
            text = self.text.copy()
            for name, write in self.writers.items():
                gaps = (self.frame[name].isna() & frame[name].notna()).to_numpy()
                text.loc[gaps, name] = [write(value) for value in frame.loc[gaps, name]]
        return dataclasses.replace(self, frame=frame, text=text)

    def shown(self, name, value):
        """A value of a column as a short string, written as in the file."""
        import pandas as pd

        if pd.isna(value):
            return "(missing)"
        if name in self.writers:
            return self.writers[name](value)
        return f"{value:.4g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")

    def with_columns(self, columns):
        """A table with the columns of a DataFrame added in front."""
        import pandas as pd

        texts = columns.astype(str)
        for name in columns.select_dtypes("float"):
            texts[name] = texts[name].str.replace(".", self.decimal, regex=False)
        parts = [columns, self.frame], [texts, self.text]
        frame, text = (None if part is None else pd.concat([new, part], axis=1) for new, part in parts)
        return dataclasses.replace(self, frame=frame, text=text)

    def write(self, path):
        """Write the table to a `.csv`, `.tsv` or `.parquet` file."""
        suffix = table_suffix(path)
        with atomic_write(path) as temporary:
            if suffix == ".parquet":
                self.frame.to_parquet(temporary, engine="pyarrow")
                return
            separator = "\t" if suffix == ".tsv" else self.separator
            cells = self.frame if self.text is None else self.text
            has_names = self.text is None and cells.index.names != [None]
            cells.to_csv(temporary, sep=separator, index=has_names, encoding="utf-8")


def table_suffix(path):
    """The suffix of a table's file, in lower case; a suffix that cannot be read or written raises."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"Unknown suffix of a table's file. Expected: one of {SUFFIXES}. Received: {str(path)!r}")
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ImportError(f"Parquet files need pyarrow. Expected: pip install pyarrow. Received: {str(path)!r}")
    return suffix


def read_table(path):
    """Read a table from a file.

    The separator of a CSV file is the comma, semicolon, tab or bar that is most frequent in the first line, the column
    names. A column is of numbers, of `true` and `false`, or of dates such as 2024-05-31, 31.5.2024 or 5/31/2024 if all
    its known cells are; of texts otherwise. Whole numbers with a leading zero are texts. Empty cells and `NA`, `NaN`,
    `null`, `None` and `?` are missing. If cells are separated by semicolons and numbers have decimal commas, points in
    numbers are refused. In a Parquet file, objects of `datetime.date` and `decimal.Decimal` become dates and floats.

    Args:
        path: A `.csv` or `.tsv` file in UTF-8, or a `.parquet` file.

    Returns:
        A `Table` of at least one column and one row.

    Raises:
        ValueError: If the file is missing, empty, of another kind, or has more than 50,000 columns, two columns with
            the same name, or numbers with points and decimal commas.

    Example:

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("size,colour\\n1.5,red\\n,blue\\n") and file.flush()
    ...     table = read_table(file.name)
    >>> table.frame["size"].tolist()
    [1.5, nan]
    """
    path, suffix = Path(path), table_suffix(path)
    if not path.is_file():
        raise ValueError(f"The table is missing. Expected: a CSV or Parquet file. Received: {str(path)!r}")
    return _read_parquet(path) if suffix == ".parquet" else _read_csv(path)


def _check_cells(cells, path):
    names = cells.columns
    if names.has_duplicates:
        repeated = names[names.duplicated()].unique().tolist()
        raise ValueError(f"Column names must be unique. Received: {repeated} more than once in {path}")
    if len(names) > _MOST_COLUMNS:
        raise ValueError(f"{path} is too wide. Expected: at most {_MOST_COLUMNS:,} columns. Received: {len(names):,}")
    if 0 in cells.shape:
        raise ValueError(f"{path} has no rows. Expected: column names and at least one row of values")


def _read_parquet(path):
    import pandas as pd

    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a Parquet file: {error}") from None
    _check_cells(frame, path)
    for name, column in frame.items():
        conversion = _CONVERSIONS.get(pd.api.types.infer_dtype(column))
        if conversion:
            frame[name] = getattr(pd, conversion)(column)
    return Table(frame)


def _read_csv(path):
    import pandas as pd

    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a CSV file. Expected: text in UTF-8. Received: other bytes") from None
    if not content.strip() or "\0" in content:
        received = "zero bytes" if content.strip() else "an empty file"
        raise ValueError(f"{path} is not a CSV file. Expected: text, column names in line 1. Received: {received}")
    header = content.lstrip().splitlines()[0]
    separator = max(",;\t|", key=header.count)
    options = {"sep": separator, "header": None, "dtype": object, "keep_default_na": False}
    try:
        cells = pd.read_csv(io.StringIO(content), **options).fillna("")
    except pd.errors.ParserError as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from None
    names, text = cells.iloc[0].str.strip(), cells.iloc[1:].reset_index(drop=True)
    text.columns = pd.Index(names.tolist())
    _check_cells(text, path)
    decimal = "," if separator == ";" and re.search(_DECIMAL_COMMA, content, re.MULTILINE) else "."
    typed = {name: _typed(text[name].str.strip(), decimal) for name in text}
    columns, writers = ({name: pair[place] for name, pair in typed.items()} for place in (0, 1))
    return Table(pd.DataFrame(columns), text, writers, separator, decimal)


def _typed(cells, decimal):
    """The pair (column, function that writes one of its values) of the stripped cells of a column of text."""
    import pandas as pd

    known = cells[~cells.str.lower().isin(_MISSING)]
    lower = known.str.lower()
    if not len(known):
        return pd.Series(float("nan"), cells.index), str
    if lower.isin(["true", "false"]).all():
        texts = dict(zip(lower == "true", known, strict=True))
        return (lower == "true").astype("boolean").reindex(cells.index), lambda value: texts[bool(value)]
    points = known[known.str.contains(".", regex=False)] if decimal == "," else known[:0]
    if not len(points) and not known.str.fullmatch(_CODE).any():
        try:
            return _numbers(known.str.replace(decimal, "."), cells.index, decimal)
        except (ValueError, OverflowError):
            pass
    layout = _layout(known) if known.str.fullmatch(_DATE).all() else None
    if layout:
        return pd.to_datetime(known, format=layout).reindex(cells.index), lambda value: value.strftime(layout)
    if len(points) and known.str.fullmatch(_WITH_POINTS).all():
        raise ValueError(
            f"Column {cells.name!r} has points in its numbers, but the file has decimal commas. "
            f"Expected: numbers such as 1234,56. Received: {points.iloc[0]!r}"
        )
    return known.astype(object).reindex(cells.index), str


def _layout(known):
    """The format of all dates, or `None`; the month comes first if the order is ambiguous."""
    import pandas as pd

    with warnings.catch_warnings(action="ignore"):  # of a format that cannot be the first
        layouts = [pd.tseries.api.guess_datetime_format(known.iloc[0], dayfirst=first) for first in (False, True)]
        for layout in filter(None, layouts):
            if pd.to_datetime(known, format=layout, errors="coerce").notna().all():
                return layout
    return None


def _numbers(known, index, decimal):
    import pandas as pd

    numbers = pd.to_numeric(known)
    if known.str.fullmatch(r"[+-]?\d+").all():
        return numbers.astype("Int64").reindex(index), lambda value: str(int(value))
    plain = known.str.fullmatch(r"[+-]?\d*\.?\d*").all()
    places = known.str.extract(r"\.(\d*)$", expand=False).str.len().max()  # as many as the known cells have

    def write(value):
        return (f"{value:.{int(places)}f}" if plain else repr(float(value))).replace(".", decimal)

    return numbers.astype("float64").reindex(index), write


def without_columns(frame, names):
    """A DataFrame without the columns of these names."""
    for name in names:
        checks.choice("column", name, map(str, frame.columns))
    return frame[[name for name in frame.columns if str(name) not in names]]

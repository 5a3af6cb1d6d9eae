"""Reports: measured values, their bounds, and whether they are within them, printed and saved as JSON."""

import dataclasses
import json
from pathlib import Path

from keras_gen.files import atomic_write
from keras_gen.version import versions


@dataclasses.dataclass(frozen=True)
class Finding:
    """One measured value and its bounds."""

    what: str  # was measured, with its unit
    obtained: float
    at_most: float | None = None  # the largest value that passes
    at_least: float | None = None  # the smallest value that passes
    reference: str = ""  # where the bounds come from

    @property
    def expected(self):
        """The bounds as text, `"stated only"` if there are none."""
        bounds = [
            f"{sign} {bound:g}" for sign, bound in (("<=", self.at_most), (">=", self.at_least)) if bound is not None
        ]
        return " and ".join(bounds) or "stated only"

    @property
    def verdict(self):
        """`"reached"`, `"missed"`, or `"stated"` if there is no bound."""
        if self.at_most is None and self.at_least is None:
            return "stated"
        low = self.at_least is None or self.obtained >= self.at_least
        high = self.at_most is None or self.obtained <= self.at_most
        return "reached" if low and high else "missed"


def counted(number, noun, plural=None):
    """A number and its noun as text.

    Example:

    >>> counted(1, "image"), counted(2, "image"), counted(0, "entry", "entries")
    ('1 image', '2 images', '0 entries')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def report(title, findings, folder, protocol):
    """Print the findings and write them to `<folder>/report.json`, with the versions; return the path of the file.

    `protocol` is a dict of how the findings were made: data, epochs, seed and so on.
    """
    print(title)
    for finding in findings:
        source = f" ({finding.reference})" if finding.reference else ""
        print(
            f"  {finding.what}: expected {finding.expected}{source}, obtained {finding.obtained:.4g}: {finding.verdict}"
        )
    rows = [{**dataclasses.asdict(f), "expected": f.expected, "verdict": f.verdict} for f in findings]
    path = Path(folder) / "report.json"
    with atomic_write(path) as temporary:
        content = {"title": title, "findings": rows, "protocol": protocol, "versions": versions()}
        temporary.write_text(json.dumps(content, indent=2, default=float) + "\n")
    return path

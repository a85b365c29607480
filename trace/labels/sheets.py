"""Sheets of labels: where each label lies on the page, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .label import Size

A4: Final = Size(210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of equal labels, the same margin left and right, and above and below."""

    name: str
    columns: int
    rows: int
    label: Size
    gap: float = 2.5  # between columns; rows touch
    page: Size = A4

    @property
    def slots(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    @property
    def is_one_label(self) -> bool:
        """Whether a page is a label, as on a roll: then there is no margin, and no ruler."""
        return self.page == self.label

    @property
    def left(self) -> float:
        """Margin at the left."""
        return (self.page.width - self.columns * self.label.width - (self.columns - 1) * self.gap) / 2

    @property
    def top(self) -> float:
        """Margin above."""
        return (self.page.height - self.rows * self.label.height) / 2

    def place(self, slot: int) -> tuple[float, float]:
        """The upper left corner of a slot, counted from 0 along the rows."""
        row, column = divmod(slot, self.columns)
        return self.left + column * (self.label.width + self.gap), self.top + row * self.label.height


SHEETS: Final = {
    sheet.name: sheet
    for sheet in (
        Sheet("L7160", 3, 7, Size(63.5, 38.1)),
        Sheet("L7161", 3, 6, Size(63.5, 46.6)),
        Sheet("L7163", 2, 7, Size(99.1, 38.1)),
        Sheet("L7165", 2, 4, Size(99.1, 67.7)),
        Sheet("single", 1, 1, Size(63.5, 38.1), page=Size(63.5, 38.1)),
    )
}
"""By the name under which Avery sells them; other makers name them too. `single` is a page of one
label, as on a roll."""

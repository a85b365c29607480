"""What the log knows of batteries that get labels, and the statements that make new labels count."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..codes.label import LabelError
from ..codes.subjects import parse_subject
from ..errors import RefusedError
from ..history import read_chain
from ..labels.label import MAX_NAME, Label, check_name
from ..ledger.ledger import Ledger
from ..lifecycle.state import Battery
from ..template import NONCE_BYTES, next_statement
from .label_input import Wanted


class LabelSource:
    """Looks batteries and models up in a log."""

    def __init__(self, ledger: Ledger, model: str | None) -> None:
        """
        Args:
            ledger: The log.
            model: Of batteries that the log does not know yet; None where that was not said.

        Raises:
            RefusedError: The log has no such model.
        """
        self._ledger = ledger
        self._world = ledger.world()
        self._model = f"model:{model.removeprefix('model:')}" if model else ""
        self._models: dict[str, Mapping[str, Any]] = {}
        if model and not self._data_of(parse_subject(self._model).text):
            raise RefusedError(
                f"model: expected one that is in the log of {ledger.origin}, got {self._model}",
                code="REFERENCE_ABSENT",
            )

    def fill(self, wanted: Wanted) -> Wanted:
        """Add name and mass where nobody gave them: the battery's own mass, else its model's."""
        battery = self._battery(wanted.subject)
        own: Mapping[str, Any] = {}
        if battery is not None and wanted.mass_g is None:
            own = next(read_chain(self._ledger.entries_of(wanted.subject)[:1])).event.data
        of_model = self._data_of(battery.facts.model if battery is not None else self._model)
        name = of_model.get("name", {})
        mass = own.get("mass", {}).get("g") or of_model.get("mass_g")
        return replace(
            wanted,
            name_zh=wanted.name_zh or _printable(name.get("zh", "")),
            name_en=wanted.name_en or _printable(name.get("en", "")),
            mass_g=wanted.mass_g or mass,
        )

    def check_new(self, subject: str, label: Label, *, reissued: bool) -> None:
        """A label is made for a battery that has none yet, or in the open in place of the one that it has.

        Raises:
            RefusedError: It would leave two labels about, of which the one of record is not the newer; or
                there is nothing to replace.
        """
        battery = self._battery(subject)
        if reissued and battery is None:
            raise RefusedError(
                f"label: expected a battery that is in the log, to reissue its label, got {subject}",
                code="REFERENCE_ABSENT",
            )
        if battery is not None and battery.facts.label not in ("", label.digest) and not reissued:
            raise RefusedError(
                f"label: expected the token of the label of record, or --reissue, got a further label for "
                f"{subject}, which would not count",
                code="LABEL_MISMATCH",
            )

    def reissue(self, subject: str, label: Label, reason: str, at: datetime) -> dict[str, Any]:
        """The statement after which the new label is the one of record, to be signed by the custodian."""
        data = {"label": label.digest, "reason": reason}
        nonce = os.urandom(NONCE_BYTES)
        return next_statement(self._world, "label.reissued", subject, occurred_at=at, nonce=nonce, data=data)

    def _battery(self, subject: str) -> Battery | None:
        chain = self._world.chain(subject)
        return chain.state if chain and isinstance(chain.state, Battery) else None

    def _data_of(self, model: str) -> Mapping[str, Any]:
        """What a model's chain says in all, the later instead of the earlier; read once."""
        if not model:
            return {}
        if model not in self._models:
            told = read_chain(self._ledger.entries_of(model))
            self._models[model] = {name: value for each in told for name, value in each.event.data.items()}
        return self._models[model]


def _printable(name: str) -> str:
    """A name from the log, cut to what a label takes; one that can't be printed is left out."""
    try:
        check_name(name[:MAX_NAME])
    except LabelError:
        return ""
    return name[:MAX_NAME]

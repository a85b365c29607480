"""The stories of batteries as the ledger folds them, which the timeline in the browser must tell as well."""

from __future__ import annotations

from typing import Any

from packtrace.sample_batches.samples import SAMPLES
from packtrace.trace.history import read_chain
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.state import Battery, State
from packtrace.trace.statement import parse_entry, parse_event_jws
from packtrace.web.pages.words import words_object


def thread_cases() -> dict[str, Any]:
    """Every battery of the samples: its statements, and who holds it at which stage after each."""
    threads = []
    for sample in SAMPLES:
        chains: dict[str, list[tuple[int, bytes]]] = {}
        for leaf, entry in enumerate(sample.tell().entries):
            sub = parse_event_jws(parse_entry(entry)[0]).value["sub"]
            if sub.startswith("battery:"):
                chains.setdefault(sub, []).append((leaf, entry))
        for subject, entries in chains.items():
            told = list(read_chain(entries))
            threads.append(
                {
                    "subject": subject,
                    "statements": [{"id": each.event.id, "said": each.event.jws.value} for each in told],
                    "states": [standing(each.after) for each in told],
                }
            )
    return {"threads": threads, "words_of_pages": words_object()}


def standing(state: State | None) -> dict[str, str]:
    """Of a chain whose beginning was voided nothing stands."""
    if isinstance(state, Battery):
        return {"custodian": state.custodian, "stage": state.stage}
    return {"custodian": words.NONE, "stage": words.ABSENT}

"""What the demonstration leaves to be done is in the log by the rules, and its labels are those of record."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import zxingcpp

from packtrace.trace.cli.demo_yard import DISMANTLER, PACKS, RECYCLER, stage_yard
from packtrace.trace.cli.ledger_access import load_home, open_ledger
from packtrace.trace.cli.load import load_samples
from packtrace.trace.cli.place import Place
from packtrace.trace.codes.label import label_digest
from packtrace.trace.codes.scan import read_scan
from packtrace.trace.lifecycle.state import Battery, Consignment

SAMPLES = Path(__file__).parents[2] / "sample_batches"


def test_everything_on_the_sheet_can_be_scanned_and_is_on_offer(tmp_path: Path) -> None:
    place = Place(home=tmp_path / "home")
    load_samples(place, SAMPLES / "truck-of-legacy-packs", as_json=False, passphrase=None)
    with open_ledger(place, None) as ledger:
        staged = stage_yard(ledger, load_home(place))
        world = ledger.world()
    page = pypdfium2.PdfDocument(staged.labels)[0].render(scale=4).to_pil()
    scans = [read_scan(found.text) for found in zxingcpp.read_barcodes(page)]
    assert len(scans) == staged.packs + staged.modules == PACKS + 4
    for scan in scans:
        chain = world.chain(scan.subjects[0])
        assert chain and isinstance(chain.state, Battery) and chain.state.offer
        assert chain.state.facts.label == label_digest(scan.code, scan.token)
        assert chain.state.offer.consignee == (DISMANTLER if scan.code[3] == "P" else RECYCLER)
    truck = world.chain(staged.consignment)
    assert truck and truck.state == Consignment(consignor=truck.state.consignor, consignee=DISMANTLER)
    assert staged.labels.stat().st_mode & 0o077 == 0

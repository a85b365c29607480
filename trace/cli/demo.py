"""`packtrace demo`: what this is about, in a minute, on a log of samples."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import click

from ..bundle.write import write_bundle
from ..history import read_chain
from ..ledger.bundle_source import LedgerSource
from ..ledger.ledger import Ledger
from ..lifecycle.state import Battery, Chain
from ..lifecycle.world import keys_in
from ..verify.findings import Outcome
from ..verify.report import Report, format_text
from ..verify.trust import Trust, parse_trust, six_words
from ..verify.verify_source import verify_source
from .chains import chains_of
from .demo_devices import Links, invite_devices, tell_links
from .demo_yard import LABELS, stage_yard
from .https import https_options
from .ledger_access import load_home, open_ledger, read_ledger
from .load import EVENTS, format_counts, load_samples
from .place import Place, place_options
from .show import as_text

if TYPE_CHECKING:
    from ...web.tls.listen import Https

LEADING: Final = "truck-of-legacy-packs"
"""The sample that the demonstration is about."""
OTHERS: Final = "other-samples"
"""Where in the home the logs of the others are."""
_DAMAGED: Final = Path("tile") / "entries" / "000"


@click.command()
@click.option("--no-serve", is_flag=True, help="End once all is shown, and serve nothing.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8321, show_default=True, help="0 for any.")
@https_options
@place_options
@click.pass_obj
def demo(place: Place, no_serve: bool, port: int, https: Https | None) -> int:
    """Load the sample batches into a fresh home, export and verify them, damage a copy and verify that; then
    serve that log on this machine, or with --https to the phones of its network, until Ctrl-C.
    """
    if place.folder.exists() and any(place.folder.iterdir()):
        raise click.UsageError(
            f"home: expected an empty folder for the demonstration, got files, at {place.folder}"
        )
    _title("1. Load a sample batch through the real pipeline")
    with as_file(files("packtrace.sample_batches")) as samples:
        exit_code = _demonstrate(place, samples)
    if not no_serve and not exit_code:
        _stage(place)
        _serve(place, port, https)
    return exit_code


def _stage(place: Place) -> None:
    """Put something into the yards that is still to be done."""
    _title("6. Today: a truck in the yard")
    with open_ledger(place, None) as ledger:
        staged = stage_yard(ledger, load_home(place))
    click.echo(f"{staged.packs} packs on {staged.consignment}, offered to the dismantler of the samples")
    click.echo(f"{staged.modules} modules offered to its recycler")
    click.echo(f"their labels, to be scanned from paper or from the screen: {staged.labels}")


def _serve(place: Place, port: int, https: Https | None) -> None:
    """Pages and API; the entries are public, as everything about samples is."""
    from ...web.serve import serve_node  # a web server, which the rest of the demonstration does not need

    links: list[Links] = []

    def tell(url: str) -> None:
        click.echo(f"serving {url}; Ctrl-C ends it.")
        _title("7. Join it")
        tell_links(links, url, is_https=https is not None)
        click.echo("Then:")
        click.echo(f"  {url}/scan   scan or type a code of {load_home(place).path / LABELS}")
        click.echo(f"  {url}/yard   what is held, and what is offered")
        # This machine does not trust the authority of its own yard, and needs no https to itself.
        here = f"http://localhost:{url.rpartition(':')[2]}" if https else url
        click.echo("To look at:")
        battery = quote(_longest(place, ledger).subject)
        for path in ("/api/v1/docs", f"/api/v1/batteries/{battery}", "/api/v1/node", "/checkpoint"):
            click.echo(f"  {here}{path}")
        click.echo(f"  packtrace verify {here} --home {place.folder}")

    with open_ledger(place, None) as ledger:
        serve_node(
            ledger,
            host="" if https else "127.0.0.1",
            port=port,
            begin=lambda node: links.extend(invite_devices(node)),
            ready=tell,
            public_entries=True,
            https=https,
        )


def _demonstrate(place: Place, samples: Path) -> int:
    if not _load(place, samples / LEADING):
        return 1
    home = load_home(place)
    trust = parse_trust(home.trust.read_bytes())
    bundle, damaged = place.folder / "bundle", place.folder / "damaged-copy"

    _title("2. Export the log, and verify the copy against the trust file")
    with read_ledger(place) as ledger:
        size = write_bundle(LedgerSource(ledger), bundle, vkeys=home.load_vkeys())
    click.echo(f"exported {size} entries to {bundle}")
    click.echo(f"trust file {home.trust}, six words: {six_words(trust)}")
    good = _verify(bundle, trust)

    _title("3. The history of one battery")
    _show_one(place)

    _title("4. Damage a copy, and verify it")
    shutil.copytree(bundle, damaged)
    where = _flip_one_bit(damaged / _DAMAGED)
    click.echo(f"one bit of byte {where} in {damaged / _DAMAGED} is changed")
    bad = _verify(damaged, trust)

    _title("5. Load the other samples, each into a log of its own, and verify them")
    others = _verify_others(place, samples)

    _title("Go on")
    if shutil.which("packtrace") is None:
        _commands("In this shell, so that the command is found:", [f". {_activation()}"])
    _commands("Verify the copy again:", [f"packtrace verify {bundle} --trust {home.trust}"])
    _commands(
        f"Everybody's keys lie in {home.keys}; whose is which:",
        [f"packtrace key list --home {place.folder}"],
    )
    _commands("The dismantler takes over a pack that is on offer to it:", _take_over(place))
    return 0 if (good, bad) == (Outcome.VERIFIED, Outcome.REFUTED) and others else 1


def _load(place: Place, folder: Path) -> bool:
    """Load one folder of samples; whether all of it was taken."""
    counts = load_samples(place, folder, as_json=False, passphrase=None)
    click.echo(format_counts(folder, counts))
    return not (counts["refused"] or counts["skipped"])


def _verify_others(place: Place, samples: Path) -> bool:
    """Load and verify every other sample, a line each; whether all is as it should be."""
    folders = [
        each for each in sorted(samples.iterdir()) if (each / EVENTS).is_file() and each.name != LEADING
    ]
    if place.db:
        names = ", ".join(folder.name for folder in folders)
        click.echo(f"A database holds one log; these are left out: {names}")
        return True
    well = True
    for folder in folders:
        own = Place(home=place.folder / OTHERS / folder.name)
        well = _load(own, folder) and well
        home = load_home(own)
        bundle = home.path / "bundle"
        with read_ledger(own) as ledger:
            write_bundle(LedgerSource(ledger), bundle, vkeys=home.load_vkeys())
        report = verify_source(bundle, trust=parse_trust(home.trust.read_bytes()))
        outcome = report.outcome
        remarks = f", {len(report.findings)} findings" if report.findings else ""
        click.echo(
            f"  {outcome.value} {outcome.zh}: {report.size} entries{remarks}; its log is in {home.path}"
        )
        well = well and outcome is Outcome.VERIFIED
    return well


def _verify(bundle: Path, trust: Trust) -> Outcome:
    report: Report = verify_source(bundle, trust=trust)
    click.echo(format_text(report), nl=False)
    return report.outcome


def _longest(place: Place, ledger: Ledger) -> Chain:
    """The battery of which the log has most to tell."""
    chains = [chain for chain in chains_of(place, ledger, "battery") if isinstance(chain.state, Battery)]
    return max(chains, key=lambda chain: chain.seq)


def _show_one(place: Place) -> None:
    """Tell the battery of which the log has most to tell."""
    with read_ledger(place) as ledger:
        longest = _longest(place, ledger)
        told = list(read_chain(ledger.entries_of(longest.subject)))
        click.echo("\n".join(as_text(longest.subject, told, [], ledger.world())))


def _take_over(place: Place) -> Iterator[str]:
    """Commands with which the consignee of an open offer takes over, and looks at what came of it."""
    with read_ledger(place) as ledger:
        world = ledger.world()
        for chain in chains_of(place, ledger, "battery"):
            if not isinstance(chain.state, Battery) or chain.state.offer is None:
                continue
            keys = world.chain("keys:" + chain.state.offer.consignee.removeprefix("org:"))
            (*_, signing) = [key.public.kid for key in (keys_in(keys) if keys else ()) if key.use == "sign"]
            code, home = chain.subject.rpartition(":")[2], f"--home {place.folder}"
            yield f"packtrace template handover.accepted {code} {home} \\"
            yield f"  --iss {chain.state.offer.consignee} \\"
            yield """  --set 'mass={"g":512000,"basis":"measured"}' \\"""
            yield "  --set condition=intact --set read_by=typed |"
            yield f"  packtrace sign {home} --key {signing} | packtrace submit {home}"
            yield f"packtrace show {code} {home}"
            return


def _commands(what_for: str, lines: Iterable[str]) -> None:
    """Print commands below what they are for; not in comments, which not every shell takes at a prompt."""
    click.echo(what_for)
    for line in lines:
        click.echo(f"  {line}")


def _activation() -> Path:
    """The script that puts this program on the path of a shell."""
    script = Path(sys.executable).parent / "activate"
    return script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script


def _flip_one_bit(path: Path) -> int:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 1
    path.write_bytes(data)
    return middle


def _title(text: str) -> None:
    click.echo(f"\n== {text}")

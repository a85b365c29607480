"""`packtrace serve`: the log over HTTP, until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .https import https_options
from .key_store import passphrase_option, read_passphrase
from .ledger_access import open_ledger
from .place import Place, place_options

if TYPE_CHECKING:
    from ...web.tls.listen import Https


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1; with --https all]")
@click.option("--port", type=click.IntRange(0, 65_535), default=8321, show_default=True, help="0 for any.")
@https_options
@click.option("--public-entries", is_flag=True, help="Let everybody read the entries of the log.")
@click.option(
    "--behind-proxy",
    "proxies",
    type=click.IntRange(0, 10),
    default=0,
    metavar="N",
    help="Proxies before the node whose X-Forwarded-For is believed.  [default: none]",
)
@click.option(
    "--webhooks-to-private",
    is_flag=True,
    help="Let webhooks name addresses that are not public, as on this machine or in its network.",
)
@click.option("--log-requests", is_flag=True, help="Tell of each request in a line of standard error.")
@passphrase_option
@place_options
@click.pass_obj
def serve(
    place: Place,
    host: str | None,
    port: int,
    https: Https | None,
    public_entries: bool,
    proxies: int,
    webhooks_to_private: bool,
    log_requests: bool,
    passphrase_file: Path | None,
) -> None:
    """Serve the JSON API of the log in the home. The first line of output is its address.

    SIGTERM and Ctrl-C end it: what was taken in is recorded and answered first.
    """
    from ...web.serve import serve_node  # a web server, which no other command needs

    if https and proxies:
        raise click.UsageError("--https: expected no --behind-proxy, whose proxy has a certificate, got both")
    with open_ledger(place, read_passphrase(passphrase_file)) as ledger:
        serve_node(
            ledger,
            host=host or ("" if https else "127.0.0.1"),
            port=port,
            ready=lambda url: click.echo(f"serving {url}"),
            public_entries=public_entries,
            proxies=proxies,
            webhooks_to_private=webhooks_to_private,
            log_requests=log_requests,
            https=https,
        )

"""``--https`` of the commands that serve: the yard's own https, and what its people have to be told of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ...web.tls.page import Reach

Command = TypeVar("Command", bound=Callable[..., Any])


def https_options(command: Command) -> Command:
    """Give a command ``--https``, ``--https-name`` and ``--http-port``, and hand it ``https``, or None."""

    @wraps(command)
    def called(*args: Any, https: bool, http_port: int, https_names: tuple[str, ...], **more: Any) -> Any:
        return command(*args, https=_wanted(http_port, https_names) if https else None, **more)

    options = (
        click.option(
            "--https",
            is_flag=True,
            help="Serve the yard's network over https, by an authority of its own that is made in the home.",
        ),
        click.option(
            "--https-name",
            "https_names",
            multiple=True,
            metavar="NAME",
            help="With --https: a name that your router gives this machine; may be said again.",
        ),
        click.option(
            "--http-port",
            type=click.IntRange(0, 65_535),
            default=8320,
            show_default=True,
            help="With --https: port of the page that tells phones how to trust the authority; 0 for any.",
        ),
    )
    made: Any = called
    for option in reversed(options):
        made = option(made)
    return made  # type: ignore[no-any-return]  # click's options are not told apart by their command


def _wanted(http_port: int, names: tuple[str, ...]) -> Any:
    from ...web.tls.listen import Https  # a web server, which no other command needs

    return Https(http_port, tuple(name.lower() for name in names), _tell)


def _tell(reach: Reach) -> None:
    """What stands on the screen of the office while phones are set up."""
    authority, shown = reach.certificates.authority, reach.certificates.shown()
    for host in shown[1:]:
        click.echo(f"  also       {reach.address(host)}")
    click.echo(f"  this PC    http://localhost:{reach.https_port}")
    if not shown:
        click.echo("  no private address was found: only this machine reaches the node")
        return
    click.echo(f"  new phone  {reach.plain(shown[0])}/https")
    click.echo(f"  authority  {authority.title}")
    click.echo(f"  six words  {authority.six_words}")
    click.echo("  The page on the phone must show the same six words, before anybody installs anything.")

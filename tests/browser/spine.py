"""What tests of the outbox do on a phone: make records with the device's modules, see what became of them."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import CDPSession, Page

from packtrace.tests.scene import pack_code

from .conftest import Yard, modules


def run(page: Page, body: str, **given: Any) -> Any:
    """Run a function body in the page; `room(path)` gives a module, and `given` has the values."""
    return page.evaluate(
        f"""async ({{ modules, given }}) => {{
          const room = (path) => import(`${{modules}}/${{path}}.js`);
          {body}
        }}""",
        {"modules": modules(page), "given": given},
    )


def sub(number: int) -> str:
    return f"battery:gbt34014:{pack_code(number)}"


def made(yard: Yard, *numbers: int) -> list[str]:
    """Packs of the maker, recorded; the ids of their first events."""
    return [yard.send(yard.scene.manufactured(pack_code(number)))[0] for number in numbers]


SIGN = """
  const { alone, add } = await room("device/outbox");
  const { place } = await room("device/known");
  const { device, signer } = await room("device/keyring");
  const { occurredNow } = await room("device/clock");
  const { setting } = await room("device/settings");
  const { compose, sign } = await room("record/statement");
  const own = await device();
  const record = (subject, type, data, withheld = {}, evidence = []) => alone("signing", async () => {
    const at = { place: await place(subject), occurredAt: given.at ?? (await occurredNow()) };
    const by = { iss: own.org, aud: await setting("origin") };
    const statement = compose({ type, subject, data, withheld, ...at, ...by });
    const signed = await sign(statement, { signer: await signer(), withheld });
    return (await add(signed, { said: { type, subject, data }, evidence })).id;
  });
"""


def inspect(page: Page, *subjects: str, at: str | None = None, note: str = "") -> list[str]:
    """Sign an inspection of each on the phone; ids of the rows of the outbox."""
    found: list[str] = run(
        page,
        SIGN
        + """
  const ids = [];
  const data = given.note ? { condition: "intact", note: given.note } : { condition: "intact" };
  for (const subject of given.subjects) ids.push(await record(subject, "battery.inspected", data));
  return ids;""",
        subjects=list(subjects),
        at=at,
        note=note,
    )
    return found


def preload(page: Page) -> dict[str, Any]:
    """Take the yard along."""
    said: dict[str, Any] = run(page, 'return (await room("device/known")).preload();')
    return said


def rows(page: Page) -> list[dict[str, Any]]:
    """The outbox as it lies on the phone."""
    found: list[dict[str, Any]] = run(page, 'return (await room("device/outbox")).rows();')
    return found


def states(page: Page) -> list[str]:
    return [row["state"] for row in rows(page)]


def flush(page: Page, *, urgent: bool = False) -> int:
    """Send what waits; how many are left."""
    left: int = run(
        page, 'return (await room("device/outbox")).flush({ urgent: given.urgent });', urgent=urgent
    )
    return left


def settle(page: Page, state: str = "accepted", seconds: float = 90) -> None:
    """Wait until every row is in one state."""
    until = time.monotonic() + seconds
    while set(states(page)) != {state}:
        assert time.monotonic() < until, [(row["state"], row["why"]) for row in rows(page)]
        time.sleep(0.1)


def size(yard: Yard) -> int:
    """Events in the log."""
    _, body = yard.ask("/api/v1/node")
    found: int = body["size"]
    return found


def worker_ready(page: Page) -> None:
    """Wait until the service worker has taken everything in and answers for the page."""
    page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          const worker = navigator.serviceWorker;
          if (!worker.controller) await new Promise((ok) => worker.addEventListener("controllerchange", ok));
        }"""
    )


def wake_worker(page: Page, yard: Yard) -> None:
    """Let the browser's own background sync happen now, as it does once there is a network again."""
    session: CDPSession = page.context.new_cdp_session(page)
    registrations: list[dict[str, Any]] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    until = time.monotonic() + 10
    while not registrations and time.monotonic() < until:
        page.wait_for_timeout(50)
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": yard.url,
            "registrationId": registrations[-1]["registrationId"],
            "tag": "outbox",
            "lastChance": False,
        },
    )

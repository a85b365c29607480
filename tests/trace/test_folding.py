"""One history, one state: folded from the events alone, kept as JSON, laid over another world, or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from packtrace.signing.disclosures import split_presentation
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.trace.court import Court
from packtrace.tests.trace.player import Player
from packtrace.trace.errors import TraceError
from packtrace.trace.lifecycle.encoding import decode_state, encode_state
from packtrace.trace.lifecycle.folding import advance, advance_past
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import Demand, Past, State
from packtrace.trace.lifecycle.world import Changes, Memory, World
from packtrace.trace.statement import Event, Moment, parse_event_jws, read_event

SEEDS = range(8)
GROUPS = 400


@dataclass(slots=True)
class Game:
    """A played game: who played it, and the groups that were accepted, with the log's time of each."""

    court: Court
    groups: list[tuple[datetime, tuple[Event, ...]]]


def read(text: str) -> Event:
    return read_event(parse_event_jws(split_presentation(text)[0]))


def play(seed: int) -> Game:
    player = Player(seed)
    court = player.court
    game = Game(court, [])
    for text in player.setting:
        game.groups.append((player.began, (read(text),)))
    for group in player.moves(GROUPS):
        if court.refusal(*group) == "accepted":
            game.groups.append((court.now, tuple(read(text) for text in group)))
    return game


@pytest.fixture(scope="module")
def games() -> list[Game]:
    return [play(seed) for seed in SEEDS]


def test_the_games_meet_the_whole_life_cycle(games: list[Game]) -> None:
    """A game that only refuses would prove nothing."""
    met = {event.type for game in games for _, group in game.groups for event in group}
    assert met >= {
        "battery.manufactured", "battery.registered", "battery.taken_in", "battery.retired",
        "handover.offered", "handover.accepted", "handover.declined", "handover.withdrawn",
        "battery.installed", "battery.removed", "battery.dismantled", "battery.extracted", "battery.voided",
        "vehicle.fitted", "org.changed", "key.added", "battery.fitted", "battery.repaired", "battery.lost",
        "battery.exported", "battery.returned", "lot.made", "lot.lost", "batch.closed", "hold.placed",
        "note.incident", "custody.claimed", "battery.requalified", "battery.pooled",
        "identity.linked", "lot.charged", "custody.assigned",
    }  # fmt: skip


def test_a_chain_folded_from_its_events_alone_gives_the_state_that_was_judged(games: list[Game]) -> None:
    for game in games:
        states: dict[str, State | None] = {}
        pasts: dict[str, Past | None] = {}
        for recorded_at, group in game.groups:
            for event in group:
                before, past = states.get(event.sub), pasts.get(event.sub)
                states[event.sub] = advance(event, recorded_at, before, past)
                pasts[event.sub] = advance_past(event, recorded_at, before, past)
        world = game.court.world
        assert states == {subject: chain.state for subject, chain in world.chains.items()}
        assert pasts == {subject: world.past(subject) for subject in world.chains}


def test_a_state_reads_back_from_json_as_it_was_written(games: list[Game]) -> None:
    for game in games:
        world = game.court.world
        states = [(subject, chain.state) for subject, chain in world.chains.items()]
        for subject in world.chains:
            past = world.past(subject)
            while past:
                states.append((subject, past.before))
                past = past.earlier
        for subject, state in states:
            assert decode_state(subject.partition(":")[0], encode_state(state)) == state


def admit(world: Changes, leaf: int, at: datetime, group: tuple[Event, ...]) -> None:
    """Judge a group on a world as the ledger does, signatures apart."""
    demands: list[Demand] = []
    for number, event in enumerate(group):
        moment = Moment(leaf + number, at)
        step = judge(event, moment, find_key(event, at, world), world, demands.pop(0) if demands else None)
        demands[:0] = step.demands
        world.keep(event, moment, step.chain, step.references)
    assert not demands


def answers(world: World, court: Court) -> list[object]:
    """All that a world can be asked about what the court knows."""
    known = court.world
    return [
        *(world.chain(subject) for subject in known.chains),
        *(world.past(subject) for subject in known.chains),
        *(world.key_home(kid) for kid in known.keys),
        *(world.vendor(code) for code in known.vendors),
        *(world.references_to(target) for target in known.references),
        *(world.is_held(subject.removeprefix("notes:")) for subject in known.chains),
    ]


def stacks(game: Game, merge_every: int) -> Iterator[Changes]:
    """The game on changes over changes over an empty memory; the upper ones are merged now and then."""
    lower = Changes(Memory(game.court.scene.origin, game.court.scene.rules))
    upper = Changes(lower)
    leaf = 0
    for number, (at, group) in enumerate(game.groups):
        admit(upper, leaf, at, group)
        leaf += len(group)
        if number % merge_every == merge_every - 1:
            lower.merge(upper)
            upper = Changes(lower)
    yield upper


@pytest.mark.parametrize("merge_every", [1, 2, 7, 10_000])
def test_changes_over_changes_answer_as_one_memory(games: list[Game], merge_every: int) -> None:
    for game in games:
        for world in stacks(game, merge_every):
            assert answers(world, game.court) == answers(game.court.world, game.court)


def test_changes_that_are_dropped_leave_nothing(games: list[Game]) -> None:
    game = games[0]
    lower = Changes(Memory(game.court.scene.origin, game.court.scene.rules))
    leaf = 0
    for at, group in game.groups:
        before = answers(lower, game.court)
        dropped = Changes(lower)
        admit(dropped, leaf, at, group)
        assert answers(dropped, game.court) != before
        assert answers(lower, game.court) == before
        admit(lower, leaf, at, group)
        leaf += len(group)
        if leaf > 60:  # each comparison asks for everything
            break


def test_a_refused_group_leaves_nothing_of_its_first_events() -> None:
    scene = Scene()
    court = Court(scene)
    court.admit(scene.manufactured(pack_code(1)))
    before = answers(court.world, court)
    installed, fitted = scene.installed(pack_code(1))
    with pytest.raises(TraceError):
        court.admit(installed)
    with pytest.raises(TraceError):
        court.admit(installed, fitted, fitted)
    assert answers(court.world, court) == before
    court.admit(installed, fitted)

"""A world that notes which chains a judgement asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .state import Chain, Past, Reference, Signer
from .world import World


class Watched:
    """Another world, and the subjects that were asked for: what a judgement rests on."""

    def __init__(self, world: World, unsound: Collection[str], unsound_targets: Mapping[str, str]) -> None:
        """Args:
        unsound: Chains that are refuted or undecided.
        unsound_targets: What their events refer to -> the chain; the world does not know these references.
        """
        self.world = world
        self.origin = world.origin
        self.rules = world.rules
        self.book = world.book
        self.asked: set[str] = set()
        self.targets: set[str] = set()  # what references were asked for, beside the chains
        self._unsound = unsound
        self._unsound_targets = unsound_targets

    def chain(self, subject: str) -> Chain | None:
        self.asked.add(subject)
        return self.world.chain(subject)

    def key_home(self, kid: str) -> str | None:
        home = self.world.key_home(kid)
        if home is not None:
            self.asked.add(home)
        return home

    def signer(self, kid: str) -> Signer | None:
        signer = self.world.signer(kid)
        if signer is not None:
            org = signer.key.org
            self.asked.update((str(self.world.key_home(kid)), org, "keys:" + org.removeprefix("org:")))
        return signer

    def vendor(self, code: str) -> str | None:
        holder = self.world.vendor(code)
        if holder is None:
            # Any organisation whose chain is not followed any more may hold it.
            self.asked.update(subject for subject in self._unsound if subject.startswith("org:"))
        return holder

    def past(self, subject: str) -> Past | None:
        self.asked.add(subject)
        return self.world.past(subject)

    def is_held(self, subject: str) -> bool:
        self.asked.add(f"notes:{subject}")
        return self.world.is_held(subject)

    def heads(self) -> Iterable[tuple[str, int, str]] | None:
        self.asked.update(self._unsound)
        return self.world.heads()

    def references_to(self, target: str) -> tuple[Reference, ...]:
        self.targets.add(target)
        if target in self._unsound_targets:
            self.asked.add(self._unsound_targets[target])
        references = self.world.references_to(target)
        self.asked.update(reference.subject for reference in references)
        return references

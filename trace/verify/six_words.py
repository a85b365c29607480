"""256 plain words, one for each value of a byte, to be read out over a telephone.

The list is part of what people compare: its words and their order never change.
"""

from __future__ import annotations

from typing import Final

SIX: Final = 6  # words, and bytes

WORDS: Final = tuple(
    """
acid acorn actor album amber anchor apple apron arch arrow atlas attic autumn axis baker bamboo banjo
barn basin basket beach bean bear bell bench berry bird bishop blanket bottle branch brick bridge broom
bucket bugle butter button cabin cable cactus camel candle canoe carbon card carpet carrot castle cedar
cello chair chalk cherry chess circle cliff cloud clover coat coffee comet copper coral corner cotton
cousin crab crane cricket crown crystal curtain daisy dancer desert diamond dinner doctor dolphin donkey
door dragon drum eagle earth easel elbow eleven ember engine fabric falcon farmer feather fence ferry
fiddle finger flute forest fossil fox garden garlic giant ginger glacier glove goblet gold goose granite
grape guitar hammer harbor harvest hazel helmet heron hill honey horse hotel igloo index insect iron
island ivory jacket jaguar jewel jigsaw juice jungle kettle kitten ladder lagoon lamp lantern lemon
leopard letter lily linen lion lizard lobster locket magnet mango maple marble market meadow melon metal
mirror monkey moon mosaic motor mouse museum napkin needle nephew nickel north notebook oasis ocean olive
onion orbit orchid otter oven oyster paddle palace panda paper parrot peanut pearl pelican pencil pepper
piano pigeon pillow pirate planet pocket pony potato prism puppet quartz quilt rabbit radio raven ribbon
river robin rocket saddle sailor salad salmon sandal school shadow shovel silver sister spider spoon
stable statue sugar summer sunset swan table teapot temple thunder tiger timber tomato tower trumpet
tulip turtle uncle valley velvet violin volcano wagon walnut walrus whale willow window winter wizard
yellow zebra zipper
""".split()  # noqa: SIM905 -- a list of 256 literals is harder to compare with paper
)


def words_of(data: bytes) -> tuple[str, ...]:
    """A word for each byte."""
    return tuple(WORDS[byte] for byte in data)

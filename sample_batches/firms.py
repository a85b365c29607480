"""Who takes part in the truck's story, and how the log enrols them one day after the other."""

from __future__ import annotations

from typing import Any, Final

from ..signing.note import format_vkey
from .author import Author, Party
from .founding import add_key, organisation
from .keys import SampleLogSigner

ORIGIN: Final = "packtrace.example/samples"
MAKER_CODE: Final = "ZX1"


REGISTRAR: Final = Party(
    "registrar", organisation("12", "440000", "1"),
    "示例省动力电池溯源登记中心", "Example Province Battery Trace Registry", "CN-440000", ("registrar",),
)  # fmt: skip
MAKER: Final = Party(
    "maker", organisation("91", "441200", "2"),
    "肇庆禾源动力电池（示例）有限公司", "Heyuan Traction Battery (Sample) Co., Ltd.", "CN-441200",
    ("battery_maker",),
)  # fmt: skip
CARS: Final = Party(
    "cars", organisation("91", "440100", "3"),
    "广州星程汽车（示例）制造有限公司", "Xingcheng Motors (Sample) Co., Ltd.", "CN-440100",
    ("vehicle_maker",),
)  # fmt: skip
IMPORTER: Final = Party(
    "importer", organisation("91", "440115", "4"),
    "南沙远舟进出口（示例）有限公司", "Yuanzhou Import & Export (Sample) Co., Ltd.", "CN-440115",
    ("importer",),
)  # fmt: skip
GARAGE: Final = Party(
    "garage", organisation("92", "441900", "5"),
    "东莞老周新能源汽修（示例）店", "Lao Zhou EV Garage (Sample)", "CN-441900", ("repairer",), alg="EdDSA",
)  # fmt: skip
YARD: Final = Party(
    "yard", organisation("91", "440600", "6"),
    "佛山绿途报废汽车回收拆解（示例）有限公司", "Lvtu End-of-Life Vehicles (Sample) Co., Ltd.", "CN-440600",
    ("vehicle_dismantler",), kinds={"phone": "P-256", "new phone": "P-256"},
)  # fmt: skip
DISMANTLER: Final = Party(
    "dismantler", organisation("91", "441300", "7"),
    "惠州净拆电池拆解（示例）有限公司", "Jingchai Battery Dismantling (Sample) Co., Ltd.", "CN-441300",
    ("pack_dismantler",),
)  # fmt: skip
RECYCLER: Final = Party(
    "recycler", organisation("91", "441800", "8"),
    "清远复元再生材料（示例）有限公司", "Fuyuan Recycled Materials (Sample) Co., Ltd.", "CN-441800",
    ("recycler",),
)  # fmt: skip

PARTIES: Final = (REGISTRAR, MAKER, CARS, IMPORTER, GARAGE, YARD, DISMANTLER, RECYCLER)

SITES: Final[dict[str, list[dict[str, Any]]]] = {
    MAKER.short: [{"site": "zhaoqing-1", "region": "CN-441200", "name": {"zh": "肇庆一厂"}}],
    CARS.short: [{"site": "nansha-2", "region": "CN-440115", "name": {"zh": "南沙总装二线"}}],
    GARAGE.short: [{"site": "changan", "region": "CN-441900", "name": {"zh": "长安镇门店"}}],
    YARD.short: [
        {"site": "sanshui", "region": "CN-440600", "name": {"zh": "三水拆车场", "en": "Sanshui yard"}},
        {"site": "gaoming", "region": "CN-440600", "name": {"zh": "高明暂存库", "en": "Gaoming store"}},
    ],
    DISMANTLER.short: [
        {"site": "boluo", "region": "CN-441300", "name": {"zh": "博罗拆解车间", "en": "Boluo workshop"}}
    ],
    RECYCLER.short: [
        {"site": "yingde", "region": "CN-441800", "name": {"zh": "英德破碎分选线", "en": "Yingde shredder"}}
    ],
}
LICENCES: Final[dict[str, dict[str, Any]]] = {
    YARD.short: {"number": "粤示例拆字〔2026〕006号", "scope": ["scrap_vehicles"]},
    DISMANTLER.short: {"number": "粤示例综字〔2026〕007号", "scope": ["open_packs"]},
    RECYCLER.short: {"number": "粤示例综字〔2026〕008号", "scope": ["open_packs", "shred"]},
}
# Each says at which site it is; with a phone that is named, the yard signs at its own two alone.
PHONE_TYPES: Final = [
    "battery.inspected",
    "battery.registered",
    "battery.taken_in",
    "handover.accepted",
]


def found(author: Author) -> None:
    """The log opens, the registrar enrols itself and seven firms, and each adds its keys."""
    signer = REGISTRAR.signer("registry")
    subject = f"log:{ORIGIN}"
    author.on("2026-04-01 09:00")
    author.say(
        REGISTRAR,
        "log.opened",
        subject,
        {
            "purpose": "demonstration",
            "registrars": [{**author.possession(signer, subject), "org": REGISTRAR.org}],
            "threshold": 1,
            "log_keys": [format_vkey(vkey) for vkey in SampleLogSigner(ORIGIN).vkeys],
            "rules": {"name": author.world.rules.name, "sha256": author.world.rules.sha256},
        },
        word="registry",
    )
    for day, party in enumerate(PARTIES, 1):
        author.on(f"2026-04-{day:02d} 10:30")
        _enrol(author, party)
        author.on(f"2026-04-{day:02d} 15:10")
        add_key(author, party, "sign", name="业务签名密钥")
    author.on("2026-04-09 09:20")
    add_key(author, YARD, "phone", name="三水场手持终端1号", types=PHONE_TYPES, sites=["sanshui", "gaoming"])


def _enrol(author: Author, party: Party) -> None:
    role: dict[str, Any] = {"role": party.roles[0]}
    if party.short in LICENCES:
        role["licence"] = LICENCES[party.short]
    data: dict[str, Any] = {
        "name": {"zh": party.zh, "en": party.en},
        "region": party.region,
        "roles": [role],
        "admin": author.possession(party.signer("admin"), party.org),
    }
    if party is MAKER:
        data["vendor_codes"] = [MAKER_CODE]
    if party.short in SITES:
        data["sites"] = SITES[party.short]
    author.say(REGISTRAR, "org.enrolled", party.org, data, word="registry")

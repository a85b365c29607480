"""Every finding code: how grave it is, which step of the verification says it, a sentence in each language.

Codes are stable and never used for anything else. `docs/findings.md` says more about each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Severity(IntEnum):
    """What a finding means for the verdict, the gravest last."""

    INFO = 0  # worth knowing
    WARNING = 1  # somebody should look; the record stands
    UNCHECKED = 2  # evidence is missing: UNDECIDED
    ERROR = 3  # the record is wrong: REFUTED


@dataclass(frozen=True, slots=True)
class Kind:
    """What all findings of one code have in common."""

    severity: Severity
    step: int
    zh: str
    en: str


_TABLE: Final = """\
# 1. The source is readable, whole and bounded.
SOURCE_UNREADABLE UNCHECKED 1
  来源无法打开或读取。
  The source can't be opened or read.
SOURCE_TOO_LARGE UNCHECKED 1
  来源超出安全上限，未予读取。
  The source exceeds a safe bound and was not read.
BUNDLE_MALFORMED ERROR 1
  核验包的结构被破坏或不安全。
  The bundle's structure is damaged or unsafe.
BUNDLE_INCOMPLETE UNCHECKED 1
  核验包缺少应有的内容。
  The bundle lacks something that belongs in it.
BUNDLE_UNEXPECTED_FILE UNCHECKED 1
  来源中有不属于它的文件或表，未作核验。
  The source holds a file or table that does not belong in it; it was not checked.
DB_CORRUPT ERROR 1
  数据库已损坏。
  The database is corrupt.
RECEIPT_MISMATCH ERROR 1
  回执的各部分互不一致。
  The parts of the receipt do not belong together.
RECEIPT_ALONE UNCHECKED 1
  只有回执：条目在日志中，但其链和签名者的登记未随附。
  A receipt alone: the entry is in the log, but neither its chain nor its signer's registration comes with it.
LOG_PROOF_MALFORMED ERROR 1
  回执或证明的格式不正确。
  A receipt or proof is not in its form.

# 2. Checkpoints: origin, log key, cosignatures, quorum.
TRUST_ABSENT UNCHECKED 2
  没有信任文件：只核验了内部一致性，未核验属于谁。
  There is no trust file: the source was checked against itself, not whose it is.
CHECKPOINT_MALFORMED ERROR 2
  检查点格式不正确。
  A checkpoint is not in its form.
CHECKPOINT_ORIGIN_MISMATCH ERROR 2
  检查点属于另一个日志。
  A checkpoint is of another log.
CHECKPOINT_SIGNATURE_INVALID ERROR 2
  检查点缺少所信任密钥的有效签名。
  A checkpoint lacks a valid signature of a trusted key.
CHECKPOINT_MISPLACED ERROR 2
  存放的检查点与其名称或副本不符。
  A stored checkpoint is not the one that its name or copy says.
VERIFIER_KEY_INVALID ERROR 2
  验证公钥无效或不安全。
  A verifier key is invalid or unsafe.
LOG_KEY_UNTRUSTED ERROR 2
  来源所称的日志密钥不是信任文件中的密钥。
  The log keys that the source names are not those of the trust file.
WITNESS_QUORUM_UNMET UNCHECKED 2
  见证人数不足，也没有其他来源的检查点：无法排除末尾被截去。
  Too few witnesses, and no checkpoint from elsewhere: that the tail was cut off can't be ruled out.

# 3. Entries: form and time.
ENTRY_MALFORMED ERROR 3
  日志条目的格式不正确。
  An entry is not in the form that the log writes.
TIME_INVALID ERROR 3
  时间不存在或写法不正确。
  A time does not exist or is not written as it must be.
TIME_REGRESSION ERROR 3
  日志时间倒退。
  The log's time goes back.
TIME_AFTER_SIGNATURE ERROR 3
  条目的记录时间晚于其检查点的签署时间。
  An entry claims to be recorded after the checkpoint over it was signed.

# 4. Leaf hashes and root.
LOG_ROOT_MISMATCH ERROR 4
  由条目重新计算的树根与检查点不符。
  The root recomputed from the entries is not that of the checkpoint.
LOG_TILE_INVALID ERROR 4
  哈希块或条目块的格式不正确。
  A tile or bundle of entries is not in its form.
LOG_TILE_MISMATCH ERROR 4
  存放的哈希块与条目不符。
  A stored hash tile is not what the entries give.
LOG_INCLUSION_INVALID ERROR 4
  包含证明不能把条目与检查点联系起来。
  The inclusion proof does not lead from the entry to the checkpoint.
LOG_TREE_INVALID ERROR 4
  存放的树状态不成立。
  A stored state of the tree is none.
NOTHING_CHECKED UNCHECKED 4
  没有可核验的条目。
  There was no entry to check.

# 5. The registry.
LOG_NOT_OPENED ERROR 5
  日志没有以启用事件开始。
  The log does not begin with its opening.
REGISTRAR_UNKNOWN ERROR 5
  日志的登记机关或门限与信任文件不符。
  The log's registrars or their threshold are not those of the trust file.
REGISTRY_QUORUM_UNMET ERROR 5
  同意的登记机关不足。
  Too few registrars stand behind the act.
APPROVAL_INVALID ERROR 5
  登记机关的同意书无效。
  A registrar's approval is not valid.
KEY_WEAK ERROR 5
  公钥不安全：任何人都可能伪造签名。
  A public key is unsafe: anybody could sign for it.
KEY_MALFORMED ERROR 5
  公钥格式不正确。
  A public key is not in its form.
KEY_ALREADY_BOUND ERROR 5
  公钥已登记给他人或重复登记。
  The key is registered already.
KEY_NOT_PROVEN ERROR 5
  没有证明持有新密钥。
  Possession of the new key is not proven.
VENDOR_CODE_TAKEN ERROR 5
  厂商代码已属于另一机构。
  The vendor code is another organisation's.
RECOVERY_TOO_SOON ERROR 5
  恢复的密钥生效过早。
  The recovered key would take effect too soon.
KEY_COMPROMISED WARNING 5
  密钥在吊销前可能已落入他人之手；列出其间用它签署的内容及其去向。
  The key may have been in other hands before it was revoked; what it signed since then is listed.
KEY_ADDED_BY_REGISTRAR WARNING 5
  登记机关为机构增加了密钥。
  A registrar added a key for the organisation.
RULES_UNKNOWN UNCHECKED 5
  日志采用了本软件未知的规则集。
  The log has adopted a rule set that this software does not know.

# 6. Each event: grammar, schema, key, validity, signature.
MALFORMED_JWS ERROR 6
  事件不是规定格式的 JWS。
  The event is not a JWS in the accepted form.
NON_CANONICAL_ENCODING ERROR 6
  编码不是唯一的规范形式。
  Something is not in its one canonical encoding.
WRONG_TYP ERROR 6
  签名是为另一用途作出的。
  It was signed for another purpose.
ALG_NOT_ALLOWED ERROR 6
  签名算法不被接受或与密钥不符。
  The algorithm is not accepted, or not for this key.
SCHEMA_INVALID ERROR 6
  陈述内容不符合其类型的模式。
  The statement is not what the schema of its type says.
DISCLOSURE_MALFORMED ERROR 6
  披露内容的格式不正确。
  A disclosure is not in its form.
DISCLOSURE_MISMATCH ERROR 6
  披露内容与签名的摘要不符。
  A disclosure does not fit the digest that was signed.
SUBJECT_INVALID ERROR 6
  主体标识无效。
  The subject is not a valid identifier.
PARTY_ID_INVALID ERROR 6
  机构标识无效。
  The organisation is not a valid identifier.
BATTERY_CODE_INVALID ERROR 6
  电池编码无效。
  The battery code is not valid.
WRONG_AUDIENCE ERROR 6
  事件是为另一个日志签署的。
  The event was signed for another log.
UNKNOWN_EVENT_VERSION UNCHECKED 6
  事件的版本或类型未知，该链无法判定。
  The version or type of the event is not known here; its chain can't be decided.
KEY_UNKNOWN ERROR 6
  签名密钥未在日志中登记。
  The key is not registered in the log.
KEY_FOREIGN ERROR 6
  密钥属于另一机构。
  The key is another organisation's.
KEY_MISMATCH ERROR 6
  签名头指明的是另一把密钥。
  The header names another key.
KEY_REVOKED_AT_SIGNING ERROR 6
  密钥在记录时已被吊销。
  The key was revoked when the event was recorded.
KEY_NOT_VALID_AT_SIGNING ERROR 6
  密钥在记录时不在有效期内。
  The key was not valid when the event was recorded.
KEY_USE_FORBIDDEN ERROR 6
  该密钥不得用于此类陈述。
  The key may not sign such statements.
SIGNATURE_INVALID ERROR 6
  签名无效。
  The signature does not hold.

# 7. Each chain.
CHAIN_LINK_BROKEN ERROR 7
  事件没有指向其前一事件。
  The event does not name the event before it.
SEQUENCE_GAP ERROR 7
  链中缺少事件。
  An event of the chain is missing.
FORKED_CHAIN ERROR 7
  同一位置有两个不同的事件。
  Two different events stand at one place of the chain.
DUPLICATE_EVENT ERROR 7
  同一事件被记录了两次。
  The same event is recorded twice.
DEPENDS_ON_REFUTED UNCHECKED 7
  判断所依据的另一条链已不成立或无法判定。
  It rests on another chain that is refuted or undecided.

# 8. Life cycle, custody, references, groups.
TIME_IN_FUTURE ERROR 8
  声称的时间晚于记录时间。
  The claimed time is later than the log's.
GROUP_INCOMPLETE ERROR 8
  必须同时记录的一组事件不完整。
  A group of events that belong together is not whole.
HEADS_MISMATCH ERROR 8
  所述各链末端与日志此前内容不符。
  The heads of all chains are not what the log holds before this entry.
LOG_SEALED ERROR 8
  日志已封存，其后不得有任何记录。
  The log was sealed; nothing may follow.
SIGNER_ROLE_FORBIDDEN ERROR 8
  签署机构没有所需的角色或许可。
  The signer lacks the role or licence.
PARTY_SUSPENDED ERROR 8
  签署机构已被暂停。
  The signer is suspended.
PARTY_UNKNOWN ERROR 8
  机构未登记。
  The organisation is not enrolled.
ILLEGAL_TRANSITION ERROR 8
  当前阶段不允许该事件。
  The event is not allowed in this stage.
PACK_TERMINAL ERROR 8
  电池的历史已终结。
  The battery's history has ended.
HELD_BY_AUTHORITY ERROR 8
  监管机构已冻结，禁止该事件。
  An authority's hold forbids the event.
DAMAGED ERROR 8
  曾发生事故，尚未检测排除。
  It had an incident that no inspection has cleared.
ORIGIN_CONTESTED ERROR 8
  生产企业对来源有异议，尚未解决。
  Its maker contests its origin, and that is not settled.
NOT_CUSTODIAN ERROR 8
  签署者并不持有该电池。
  The signer does not hold the battery.
NOT_OWNER ERROR 8
  该链不属于签署者。
  The chain is not the signer's.
NOT_SIGNER ERROR 8
  签署者不是原事件的签署者。
  The signer is not who signed the event that is meant.
NOT_COUNTERPARTY ERROR 8
  所引用的同意并非出自另一方。
  The consent that is named is not the other party's.
NO_OPEN_OFFER ERROR 8
  没有所指的有效移交要约。
  The offer that is meant is not open.
OFFER_OPEN ERROR 8
  尚有未答复的移交要约。
  An offer is still open.
OFFER_EXPIRY ERROR 8
  要约期限不在规则允许的范围内。
  The offer's expiry is not within the rules.
WRONG_CONSIGNEE ERROR 8
  接收方不被允许。
  The consignee is not one that is allowed.
CONSIGNMENT_CLOSED ERROR 8
  托运批次已到达或发往他处。
  The consignment has arrived, or goes elsewhere.
CONSIGNMENT_MISMATCH ERROR 8
  托运批次所列要约与记录不符。
  The offers that a consignment states are not those recorded.
WRONG_CAPACITY ERROR 8
  行事身份不被允许。
  The capacity is not one that is allowed.
WRONG_PRODUCT_TYPE ERROR 8
  产品类型不符。
  The product is of another type.
WRONG_KIND ERROR 8
  种类不符。
  It is of another kind.
WRONG_VEHICLE ERROR 8
  车辆与记录不符。
  The vehicle is not the recorded one.
REFERENCE_ABSENT ERROR 8
  所引用的内容不在日志中。
  What is referred to is not in the log.
EVIDENCE_MISSING ERROR 8
  缺少必须随附的证据。
  Evidence that the rule asks for is missing.
FOREIGN_SITE ERROR 8
  场所不属于该机构。
  The site is not one of the organisation.
OUT_OF_REGION ERROR 8
  不在该监管机构的辖区内。
  It is outside the authority's region.
FOREIGN_VENDOR_CODE ERROR 8
  厂商代码不属于签署者。
  The vendor code is not the signer's.
FOREIGN_TAG ERROR 8
  标签号属于另一机构。
  The tag is another organisation's.
MAKER_MUST_REGISTER ERROR 8
  该电池应由其生产企业登记。
  The battery is for its maker to register.
FOREIGN_MODEL ERROR 8
  型号属于另一机构。
  The model is another organisation's.
COMPOSITION_CONFLICT ERROR 8
  组成关系相互矛盾。
  What is in what contradicts itself.
DOUBLE_CHARGE ERROR 8
  同一来源被重复引用。
  One source is cited twice.
MASS_MISMATCH ERROR 8
  物料的质量与其来源不符。
  The mass of a lot is not that of its source.
BATCH_CLOSED ERROR 8
  批次已结束。
  The batch is closed.
BATCH_INPUTS_MISMATCH ERROR 8
  批次投入与记录不符。
  The inputs of the batch are not those recorded.
LABEL_UNCHANGED ERROR 8
  新标签与原标签相同。
  The new label is the old one.
NOT_LAST_EVENT ERROR 8
  作废的不是最后一个有效事件。
  What is voided is not the last event that stands.
VOID_TOO_LATE ERROR 8
  已超过作废期限。
  It is too late to void the event.
NOT_CORRECTABLE ERROR 8
  该成员不可更正。
  The member can't be corrected.
CONSIGNOR_SUSPENDED INFO 8
  移交方在接收时已被暂停。
  The consignor was suspended when the handover was accepted.
REGISTERED_AFTER_VOID WARNING 8
  该链的上一个开端已被作废。
  An earlier beginning of the chain was voided.
CODE_DATE_IN_FUTURE WARNING 8
  编码中的生产日期在未来。
  The code's date of production is in the future.
UNSEEN_LABEL WARNING 8
  接收时未见登记在案的标签，也无照片。
  Taken in without the label of record or a photo.
UNSEEN_LABEL_LIMIT ERROR 8
  一天内未见标签的接收次数超过上限。
  More batteries were taken in without their labels on one day than the policy allows.
LOST_THEN_TAKEN_IN WARNING 8
  曾报失的电池被接收。
  A battery reported lost was taken in.
HOLD_PLACED INFO 8
  监管机构已冻结。
  An authority placed a hold.
MOVED_UNDER_HOLD WARNING 8
  在冻结期间被移动或处置。
  It was moved while a hold was in force.
CONTEST_RAISED WARNING 8
  生产企业对来源提出异议。
  Its maker contests the origin.
CUSTODY_ASSIGNED INFO 8
  保管人由裁定指定。
  Custody was assigned by a decision.
CUSTODY_CLAIMED WARNING 8
  有机构主张由其保管。
  Somebody claims to hold it.
VEHICLE_WITHOUT_PACK WARNING 8
  报废车辆缺少应有的电池。
  A vehicle was scrapped without a battery that belongs in it.
CHILD_ELSEWHERE WARNING 8
  拆出的部件曾记录在别处。
  The extracted part was recorded elsewhere.
CHILD_NOT_LISTED WARNING 8
  拆出的部件不在原组成清单中。
  The extracted part is not in the parent's list.
CHILD_MISSING WARNING 8
  清单中的部件未被拆出，也未说明去向。
  A part of the parent's list did not come out of it.
EVIDENCE_MISMATCH UNCHECKED 8
  随附的文件不是事件所指并签署的文件。
  A document that is given is not the one that the event names.

# 9. Batches, lots, masses: conduct, which changes no verdict.
CONSIGNMENT_DIFFERS WARNING 9
  到货与发运不符。
  What arrived is not what was sent.
MASS_CREATED WARNING 9
  批次产出与损失之和超过投入。
  More came out of the batch than went in.
MASS_UNEXPLAINED WARNING 9
  批次中有未说明去向的质量差。
  Mass of the batch is unexplained.
CORRECTED_AFTER_CLOSE WARNING 9
  批次结束后更正了投料质量。
  A charged mass was corrected after its batch was closed.

# 11. Against what was seen before, and other copies.
LOG_CONSISTENCY_INVALID ERROR 11
  与此前见过的检查点不一致：历史被改写。
  It does not extend a checkpoint seen before: history was rewritten.
TREE_SPLIT_VIEW ERROR 11
  同一大小出现两个不同的树根：日志对不同的人出示不同的历史。
  Two roots for one size: the log shows different histories to different people.
CHECKPOINT_BEYOND_LOG ERROR 11
  存放的检查点大于其日志：末尾被截去。
  A stored checkpoint is larger than its log: the tail was cut off.
LOG_ROLLED_BACK ERROR 11
  日志比此前见过的更短：已被回退。
  The log is shorter than it was: it was rolled back.
OLDER_THAN_PIN UNCHECKED 11
  比此前核验过的更旧，无法与之比较。
  It is older than what was verified before and can't be compared with it.
PIN_NOT_COMPARED UNCHECKED 11
  来源不含与此前核验过的检查点比较所需的内容。
  The source lacks what comparing it with a checkpoint seen before takes.
CHECKPOINT_AHEAD UNCHECKED 11
  所给的检查点大于来源：只核验到来源的大小。
  The given checkpoint is larger than the source, which is checked up to its own size.
CHECKPOINT_UNUSABLE UNCHECKED 11
  所给的检查点不可用，未作比较。
  A given checkpoint can't be used; nothing was compared with it.
UNSIGNED_TAIL UNCHECKED 11
  末尾的条目尚无检查点签署。
  The last entries are under no checkpoint yet.
PROJECTION_MISMATCH ERROR 11
  数据库中的派生内容与事件不符。
  A derived column of the database is not what the events give.
"""
"""Three lines a code: code, severity and step; the sentence in Chinese; the sentence in English.

Step 10 (deadlines, plausibility) has no codes yet.
"""


def _parse(table: str) -> dict[str, Kind]:
    lines = [line.strip() for line in table.splitlines() if line and not line.startswith("#")]
    catalogue: dict[str, Kind] = {}
    for head, zh, en in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        code, severity, step = head.split()
        catalogue[code] = Kind(Severity[severity], int(step), zh, en)
    return catalogue


CATALOGUE: Final = _parse(_TABLE)

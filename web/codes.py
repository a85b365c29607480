"""Every code of an error that is the API's own: its status, and a sentence in each language.

Why an event is refused is told by the codes of the verification (`trace/verify/catalogue.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """What all problems of one code have in common."""

    status: int
    zh: str
    en: str


_TABLE: Final = """\
BODY_MALFORMED 400
  请求体不是该接口所接受的内容：不是 UTF-8 的 JSON 对象（每个成员只出现一次），或 gzip 不完整。
  The body is not what the route takes: no JSON object in UTF-8 with each member once, or no whole gzip.
BODY_TOO_LARGE 413
  内容超出上限（解压前或解压后）。
  More than is taken, packed or unpacked.
CHECKPOINT_CONFLICT 503
  检查点登记与日志不一致；写入已停止。
  The register of checkpoints holds another tree; the log records nothing until somebody looks.
CLOCK_AHEAD 503
  节点的时钟与最后一个条目相差过大；须由人员确认。
  The node's clock and the last entry differ too much; somebody has to confirm it.
CURSOR_INVALID 422
  不是本日志的游标。
  Not a cursor of this log.
DISK_NEARLY_FULL 507
  磁盘空间不足；未作任何记录。
  Too little is free on the disk; nothing was recorded.
EVIDENCE_ABSENT 404
  事件提到此文件，但本节点没有。
  The event names the document, and this node does not have it.
EVIDENCE_NOT_NAMED 404
  该事件没有提到此文件。
  The event names no such document.
EVENT_UNKNOWN 404
  日志中没有此编号的事件。
  No event of this id is in the log.
FILING_TOO_LARGE 422
  一份工作簿容纳不下；请缩短时间。
  More than one workbook holds; ask for a shorter time.
GROUP_TOO_LARGE 422
  一组中的事件过多。
  More events in one group than are taken together.
HEADERS_TOO_LARGE 431
  请求行和请求头过大。
  The start line and headers are too large.
HTTPS_REQUIRED 403
  本节点为场内网络提供 https；用 http 不回答程序的请求。
  Where a node serves its yard over https, programs are answered over https alone.
IDEMPOTENCY_KEY_INVALID 400
  Idempotency-Key 须为 1 至 255 个可见 ASCII 字符，且只出现一次。
  The Idempotency-Key is not 1 to 255 visible ASCII characters, or there are two.
IDEMPOTENCY_KEY_REUSED 422
  该 Idempotency-Key 已用于另一请求。
  The Idempotency-Key came before, with another request.
INVITATIONS_TOO_MANY 409
  该组织未用的邀请和待办的请求已达上限。
  The organisation has as many open invitations and requests as it may have.
INVITATION_EXPIRED 410
  邀请已过期；请索取新的邀请。
  No device came with the invitation in its time; ask for another.
INVITATION_REFUSED 422
  不能为此邀请设备；detail 说明原因。
  Nothing that a device can be invited for; `detail` says why.
INVITATION_UNKNOWN 404
  没有此邀请。
  There is no such invitation.
INVITATION_USED 409
  该邀请已被另一台设备使用，或已被撤回。
  Another device came with the invitation first, or it was taken back.
JOB_NOT_DONE 409
  任务尚未完成，还没有结果。
  The result of a job is there once it is done.
JOB_UNKNOWN 404
  没有此任务，或已过保留期。
  No such job, or its days are over.
LEDGER_BUSY 503
  账本正忙；请稍后重发相同的字节。
  The ledger is busy; send the same bytes again.
LEDGER_ERROR 503
  账本无法应答。
  The ledger can't answer.
LEDGER_STOPPED 503
  账本已停止写入；须重新启动节点。
  The ledger has stopped; the node has to be started anew.
MEDIA_TYPE_UNSUPPORTED 415
  不支持的媒体类型或内容编码。
  A media type or an encoding that is not taken here.
METHOD_NOT_ALLOWED 405
  该路径不支持此方法；Allow 给出可用的方法。
  The route has no such method; Allow names those that it has.
NOT_ACCEPTABLE 406
  无法以所要求的格式应答。
  There is no answer in a form that the request accepts.
NOT_FOUND 404
  没有此路径或文件。
  There is no such route, or no such file of the log.
NOT_PERMITTED 403
  令牌有效，但此内容与其持有者无关。
  A good token of somebody whom this does not concern.
NOT_READY 503
  节点目前无法记录；reasons 说明原因。
  The node can't record now; `reasons` says why.
ORGANISATION_UNKNOWN 404
  该组织未登记。
  The organisation is not enrolled.
OFFICE_BUSY 503
  标签和表格正在为他人处理；请稍后再试。
  Labels and workbooks are being made for others; ask again.
OUTCOME_UNKNOWN 503
  结果未知：请重发相同的字节。
  Whether it was recorded is not known: send the same bytes again.
PAGE_TOKEN_INVALID 400
  不是此查询所给出的分页令牌。
  Not a token of a page that this query of this reader was answered with.
PARAMETERS_INVALID 422
  查询参数不符合要求。
  A parameter of the query is missing, or not what it should be.
PICTURES_BUSY 503
  正在识读其他图片；请稍后再发。
  Other pictures are being read; send it again.
PICTURE_UNREADABLE 422
  不是完整的 JPEG 或 PNG，或像素过多。
  Not a whole JPEG or PNG, or one with too many pixels.
PARKED_TAKEN 409
  另一台设备正在重新签署此记录，或已处理完毕。
  Another device is signing the record again, or it is settled.
PARKED_TOO_MANY 409
  该组织搁置的记录已达上限。
  The organisation has parked as much as one may.
PARKED_UNKNOWN 404
  该组织没有搁置此记录。
  The organisation has parked no such record.
RECEIPT_PENDING 503
  已记录，但尚无检查点覆盖。
  It is recorded, and no checkpoint covers it yet.
REFUSED 422
  未被接受；detail 说明原因。
  Refused; `detail` says why.
REGION_INVALID 422
  不是地区代码。
  Not the code of a region.
REQUEST_MALFORMED 400
  不是一个可唯一解读的 HTTP/1.1 请求。
  Not one request of HTTP/1.1 in one reading, or a query that can't be read.
REQUEST_REFUSED 400
  请求被拒绝；status 和 detail 说明原因。
  The request was refused; `status` and `detail` say why.
SEARCH_NOT_READY 503
  索引尚在建立。
  The index is still being made.
SERVER_FAILED 500
  程序缺陷；已记入日志。
  A defect of the program; it was logged.
SIZE_NOT_SIGNED 404
  本节点没有覆盖该大小的检查点。
  No checkpoint of this node covers that size.
STORAGE_FAILED 503
  存储出错；账本已停止。
  The storage failed; the ledger has stopped.
SUBJECT_UNKNOWN 404
  日志中没有此主体。
  The log says nothing of the subject.
TOKEN_INVALID 401
  令牌无效；detail 说明原因。
  The token is not good; `detail` says why.
TOKEN_REQUIRED 401
  需要令牌。
  A token is needed: strangers have nothing to ask here.
TOO_MANY_REQUESTS 429
  请求过于频繁；Retry-After 说明何时再来。
  Too many requests; Retry-After says when to come back.
TYPE_UNKNOWN 404
  现行规则中没有此类型。
  The rules in force have no such type.
UNDECIDED 503
  缺少证据，无法判断。
  Something could not be decided, because evidence is missing.
VEHICLE_UNKNOWN 404
  没有记录在册的车辆使用此车架号。
  No vehicle on record has this VIN, or none that the asker may be told of.
VIN_INVALID 422
  不是车架号。
  Not a vehicle identification number; no message repeats one.
WEBHOOKS_TOO_MANY 409
  该组织已有十个 webhook。
  The organisation has ten webhooks.
WEBHOOK_UNKNOWN 404
  该组织没有此 webhook。
  The organisation has no such webhook.
WEBHOOK_URL_REFUSED 422
  该网址不被接受，或其地址不是公网地址。
  Not a URL that notices are sent to, or an address that is not public.
WORKBOOK_REFUSED 422
  不是可读取的 XLSX 工作簿，或超出行数、列数、大小的上限。
  No XLSX workbook that can be read, or more rows, columns or bytes than are taken.
"""


def _parse(table: str) -> dict[str, Code]:
    lines = [line.strip() for line in table.splitlines() if line]
    codes: dict[str, Code] = {}
    for head, zh, en in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        code, status = head.split()
        codes[code] = Code(int(status), zh, en)
    return codes


CODES: Final = _parse(_TABLE)

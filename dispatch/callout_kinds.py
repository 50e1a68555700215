"""Closed vocabularies of call-outs (召集): texts and calls to phones whose page is closed, and what is answered."""

from enum import StrEnum


class CalloutChannel(StrEnum):
    """How somebody is reached."""

    SMS = "sms"  # 短信
    VOICE = "voice"  # 语音电话


class CalloutCause(StrEnum):
    """Why somebody is reached."""

    ORDERED = "ordered"  # 任务下达
    AMENDED = "amended"  # 任务更改
    RECALLED = "recalled"  # 任务召回
    UNANSWERED = "unanswered"  # 应答超时
    REPLY = "reply"  # 对短信回复的答复


class CalloutState(StrEnum):
    """Where a call-out is. `delivered` and `dropped` are final; a late report may still mend `failed`."""

    QUEUED = "queued"  # 待发
    HANDED = "handed"  # 已交网关
    DELIVERED = "delivered"  # 已送达
    FAILED = "failed"  # 未送达
    DROPPED = "dropped"  # 不再需要


class CalloutAction(StrEnum):
    """What moves a call-out."""

    HAND = "hand"  # the gateway has taken it
    RETRY = "retry"  # it has not; again later
    DELIVER = "deliver"
    FAIL = "fail"
    DROP = "drop"  # the page has shown it meanwhile, or it holds no more


class RecipientKind(StrEnum):
    """Whose number it is."""

    ACCOUNT = "account"  # 账号
    CREW = "crew"  # 机组
    OPERATOR = "operator"  # 通航公司值班


class ReplyResult(StrEnum):
    """What became of an answer by text or key."""

    ACCEPTED = "accepted"  # 已接受
    REFUSED = "refused"  # 已拒绝
    ACKNOWLEDGED = "acknowledged"  # 已收到
    UNREADABLE = "unreadable"  # 看不懂
    AMBIGUOUS = "ambiguous"  # 又接受又拒绝
    REASON_MISSING = "reason_missing"  # 拒绝未写原因
    WRONG_CODE = "wrong_code"  # 回复码不对
    WRONG_NUMBER = "wrong_number"  # 不是这个号码的回复码
    EXPIRED = "expired"  # 回复码过期
    REPEATED = "repeated"  # 已答复过
    STALE = "stale"  # 任务已变
    NOT_ALLOWED = "not_allowed"  # 规则不许, 或这个号码不能答复
    LOCKED = "locked"  # 错得太多

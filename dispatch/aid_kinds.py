"""The closed vocabularies of mutual aid (省际互援)."""

from enum import StrEnum


class AidAskState(StrEnum):
    """Where the asking site's record is. What the partner has done stands in the partner's own record."""

    REQUESTED = "requested"  # 已提出, 待值班领导批准
    APPROVED = "approved"  # 已批准
    SENT = "sent"  # 已发出
    ACCEPTED = "accepted"  # 已接受
    ARRIVED = "arrived"  # 已到达
    COMMANDED = "commanded"  # 已接过指挥
    RELEASED = "released"  # 已释放
    SETTLED = "settled"  # 已结算
    WITHDRAWN = "withdrawn"  # 已撤回
    EXPIRED = "expired"  # 已过期


class AidAskAction(StrEnum):
    """What the asking site does."""

    APPROVE = "approve"
    SEND = "send"
    ACCEPT = "accept"
    ARRIVE = "arrive"
    TAKE_COMMAND = "take_command"
    RELEASE = "release"
    SETTLE = "settle"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"  # a person ends an unanswered request; no clock does


class AidOfferState(StrEnum):
    """Where the helping site's record is."""

    RECEIVED = "received"  # 已收到
    OFFERED = "offered"  # 已拟答复, 待值班领导批准; stays at home
    ANSWERED = "answered"  # 已响应
    HANDED_OVER = "handed_over"  # 已移交指挥
    BILLED = "billed"  # 已报费用
    DECLINED = "declined"  # 已拒绝
    RECALLED = "recalled"  # 已召回


class AidOfferAction(StrEnum):
    """What the helping site does."""

    OFFER = "offer"
    APPROVE = "approve"
    DECLINE = "decline"
    HAND_OVER = "hand_over"
    RECALL = "recall"
    BILL = "bill"


class AidState(StrEnum):
    """The joint state, derived from both records: what both screens show."""

    REQUESTED = "requested"  # 求援
    APPROVED = "approved"  # 批准
    SENT = "sent"  # 发出
    RECEIVED = "received"  # 收到
    ANSWERED = "answered"  # 响应
    ACCEPTED = "accepted"  # 接受
    ARRIVED = "arrived"  # 到达
    HANDED_OVER = "handed_over"  # 指挥已移交
    RELEASED = "released"  # 释放
    BILLED = "billed"  # 费用已报
    SETTLED = "settled"  # 结算
    WITHDRAWN = "withdrawn"  # 撤回
    EXPIRED = "expired"  # 过期
    DECLINED = "declined"  # 拒绝
    RECALLED = "recalled"  # 召回


class AidClock(StrEnum):
    """What there is a limit for."""

    APPROVAL = "approval"  # 求援待批
    RECEIPT = "receipt"  # 发出待收
    ANSWER = "answer"  # 收到待答复
    ACCEPTANCE = "acceptance"  # 响应待接受
    ARRIVAL = "arrival"  # 接受待到达, from the offer's own time
    SETTLEMENT = "settlement"  # 释放待结算

"""Chinese words of call-outs on papers and in the logbook."""

from dispatch.callout_kinds import CalloutCause, CalloutChannel, ReplyResult

CALLOUT_CHANNEL: dict[CalloutChannel, str] = {CalloutChannel.SMS: "短信", CalloutChannel.VOICE: "电话"}

CALLOUT_CAUSE: dict[CalloutCause, str] = {
    CalloutCause.ORDERED: "下达",
    CalloutCause.AMENDED: "变更",
    CalloutCause.RECALLED: "召回",
    CalloutCause.UNANSWERED: "应答超时",
    CalloutCause.REPLY: "对回复的答复",
}

REPLY: dict[ReplyResult, str] = {
    ReplyResult.ACCEPTED: "已接受",
    ReplyResult.REFUSED: "已拒绝",
    ReplyResult.ACKNOWLEDGED: "已收到",
    ReplyResult.UNREADABLE: "看不懂",
    ReplyResult.AMBIGUOUS: "又接受又拒绝",
    ReplyResult.REASON_MISSING: "拒绝未写原因",
    ReplyResult.WRONG_CODE: "回复码不对",
    ReplyResult.WRONG_NUMBER: "不是这个号码的回复码",
    ReplyResult.EXPIRED: "回复码过期",
    ReplyResult.REPEATED: "已答复过",
    ReplyResult.STALE: "任务已变",
    ReplyResult.NOT_ALLOWED: "规则不许",
    ReplyResult.LOCKED: "错得太多",
}

"""Words of how alarms are handled. Those that are recorded have an enum of the same name in protocols/schema/kinds.proto."""

from enum import StrEnum


class AlertDesk(StrEnum):
    """Whose list of alarms it is: what one has acknowledged the other has not seen yet."""

    DISPATCH = "dispatch"  # 值班台: every console of the site but ATC's
    ATC = "atc"  # 空管席


class InhibitionScope(StrEnum):
    """What a net keeps still about (抑制范围)."""

    PAIR = "pair"  # two aircraft between each other
    AIRCRAFT = "aircraft"  # one aircraft
    VOLUME = "volume"  # one airspace volume
    CIRCLE = "circle"  # everything inside a circle


class HandlingState(StrEnum):
    """How an alarm stands with people, after ISA-18.2. Derived, never stored."""

    NORMAL = "normal"  # 正常
    UNACKNOWLEDGED = "unacknowledged"  # 未确认, going on
    ACKNOWLEDGED = "acknowledged"  # 已确认, going on
    RETURNED = "returned"  # 已恢复未确认: over, and kept until somebody has seen it
    SHELVED = "shelved"  # 搁置: away for a while by one person's word
    SUPPRESSED = "suppressed"  # 抑制: its net keeps still here for a while


class HandlingEvent(StrEnum):
    """What moves an alarm from state to state. Those of people are acts; the others come from the picture and the clock."""

    RAISE = "raise"  # begins
    WORSEN = "worsen"  # graver, or another code
    CLEAR = "clear"  # over, and nothing keeps it
    CLEAR_LATCHED = "clear_latched"  # over before anybody acknowledged it, of a kind that stays
    ACKNOWLEDGE = "acknowledge"  # 确认
    SHELVE = "shelve"  # 搁置
    UNSHELVE = "unshelve"  # 取消搁置, or its time is over
    UNSHELVE_CLEARED = "unshelve_cleared"  # the same, and nothing is going on
    INHIBIT = "inhibit"  # 抑制
    LIFT = "lift"  # 解除抑制, or its time is over
    LIFT_CLEARED = "lift_cleared"  # the same, and nothing is going on

"""What of a water point may be used now: its depth by season, and bans."""

from datetime import datetime, timedelta

from dispatch.records import SeasonDepth, WaterPoint

BEIJING = timedelta(hours=8)  # seasons are months of the local calendar


def depth_now_m(point: WaterPoint, now: datetime) -> float:
    """Usable depth in this month: of the first season that holds, else as stated for the whole year."""
    month = (now + BEIJING).month
    return next((each.depth_m for each in point.seasons if _holds(each, month)), point.depth_m)


def banned(point: WaterPoint, now: datetime) -> bool:
    """Whether no water may be taken now."""
    if not point.ban:
        return False
    begun = point.ban_from is None or point.ban_from <= now
    return begun and (point.ban_until is None or now < point.ban_until)


def _holds(season: SeasonDepth, month: int) -> bool:
    if season.from_month <= season.until_month:
        return season.from_month <= month <= season.until_month
    return month >= season.from_month or month <= season.until_month

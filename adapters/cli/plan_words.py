"""The words of `ganying plan --reasons`, each in Chinese and English, in one place.

Codes are the planner's (`optimizer/reasons.py`, `explain.py`) and the referee's; the console says them in the same words
(`planReason` in `webui/src/text`), and a test holds the two together. `BUSY`, `CHOSEN`, `SLOWER` are of single options,
which the command does not list.
"""

from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

CODES: Mapping[str, Mapping[Language, str]] = {
    "NOT_NEEDED": {"zh": "可去，但得不偿失", "en": "could go, but it would not pay"},
    "SERVED": {"zh": "已由他机完成", "en": "others see to it already"},
    "FORBIDDEN_ASSIGNMENT": {"zh": "调度员指定不派", "en": "a dispatcher ruled it out"},
    "REQUIRED_ASSIGNMENT": {"zh": "指定的派遣做不到", "en": "what a dispatcher asked for cannot be done"},
    "BELOW_MINIMA": {"zh": "低于气象最低标准", "en": "below weather minima"},
    "NO_WEATHER": {"zh": "无气象资料", "en": "no weather known"},
    "LENT": {"zh": "已借给邻省", "en": "lent to a neighbour"},
    "AID_UNDER_WAY": {"zh": "借来的飞机尚未到达", "en": "borrowed, not here yet"},
    "AID_OVER": {"zh": "借用已结束", "en": "the loan is over"},
    "AID_RECALLED": {"zh": "已被借出方召回", "en": "recalled by its owner"},
    "IN_HAZARD": {"zh": "所在基地位于危险区内", "en": "its base lies inside a hazard"},
    "NO_PAD": {"zh": "现场没有起降场，该机也不能索降", "en": "no pad there and no rope on it"},
    "NO_FLY": {"zh": "空域关闭，绕飞也到不了", "en": "airspace is closed, and there is no way round"},
    "NO_GAIN": {"zh": "派它没有收益", "en": "nothing to gain by sending it"},
    "UNSERVICEABLE": {"zh": "不可用：停飞或保留，修复后可派", "en": "unserviceable; possible once repaired"},
    "CAPABILITY": {"zh": "机型不具备所需能力", "en": "the type cannot do this work"},
    "CAPACITY": {"zh": "座位不够", "en": "not enough seats"},
    "CARGO": {"zh": "载重不够", "en": "cannot carry the load"},
    "WATER_UNSUITABLE": {
        "zh": "没有适合其取水方式的水源",
        "en": "no water point fits its way of taking water",
    },
    "LIFT": {
        "zh": "按现场标高和气温吊不起水",
        "en": "cannot lift water at this height and temperature",
    },
    "OUT_OF_RANGE": {
        "zh": "航程不够：去程、作业与返航所需油量超出油箱",
        "en": "out of range: way out, work and way back need more fuel than it holds",
    },
    "FUEL": {"zh": "油量不足，加油后可再算", "en": "not enough fuel; ask again after refuelling"},
    "CREW_DUTY": {
        "zh": "机组值勤剩余时间不够，换机组后可派",
        "en": "crew duty ends too soon; possible with another crew",
    },
    "CREW_DAILY": {
        "zh": "机组当日飞行时间已满，换机组后可派",
        "en": "crew has flown its day; possible with another crew",
    },
    "CREW_CONTINUOUS": {
        "zh": "连续飞行时间超限，休息后可派",
        "en": "continuous flying limit; possible after a rest",
    },
    "CREW_ROLLING": {
        "zh": "机组累计飞行时间已满（周、月、季或年），换机组后可派",
        "en": "the crew has flown its hours of the week, month, quarter or year: another crew",
    },
    "DAYLIGHT": {
        "zh": "日落前不能完成，次日日出后可派",
        "en": "not before sunset; possible after sunrise",
    },
    "WEATHER_WIND": {"zh": "风超过该机限制", "en": "wind above its limit"},
    "WEATHER_VISIBILITY": {"zh": "能见度低于该机最低标准", "en": "visibility below its minimum"},
    "BASE_RUNWAY": {"zh": "没有跑道够长的机场", "en": "no runway long enough"},
    "BASE_FUEL": {"zh": "可去的基地没有所需油料", "en": "no base in reach has its fuel"},
    "REFUEL_FULL": {"zh": "加油位已满", "en": "refuelling places are taken"},
    "WATER_POINT_FULL": {"zh": "取水点架数已满", "en": "the water point is full"},
    "INCIDENT_SLOTS": {"zh": "现场架数已满", "en": "the scene is full"},
    "PLACE": {"zh": "没有可用的起降地点", "en": "no usable landing place"},
    "RETURNING": {"zh": "正在返航，落地后可派", "en": "returning; possible after landing"},
    "IN_RESERVE": {"zh": "留作备份", "en": "held in reserve"},
    "COMMITMENT": {"zh": "已承诺其他任务", "en": "promised elsewhere"},
    "CLOSED": {"zh": "该时段不可用", "en": "not available at that time"},
    "NOT_READY": {"zh": "方案期内不能就绪", "en": "not ready before the plan ends"},
    "LEFT_IN_AIR": {"zh": "到方案结束仍在空中", "en": "left in the air when the plan ends"},
    "ENDS_AWAY": {"zh": "最后没有回到基地", "en": "does not end at a base"},
    "TOO_FAST": {"zh": "航段时间短于该机能飞的", "en": "a leg is shorter than it can fly"},
    "TIME_ORDER": {"zh": "航段时间前后不接", "en": "legs do not follow one another in time"},
    "UNKNOWN_ID": {"zh": "航段所指的地点或事件不存在", "en": "a leg names what is not there"},
}

TERMS: Mapping[str, Mapping[Language, str]] = {
    "life_weighted_minutes": {"zh": "生命 {:+.1f} min", "en": "life {:+.1f} min"},
    "fire_weighted_kl_hours": {"zh": "火场 {:+.1f} kl·h", "en": "fire {:+.1f} kl·h"},
    "task_weighted_minutes": {"zh": "任务 {:+.1f} min", "en": "tasks {:+.1f} min"},
    "reserve_shortage_hours": {"zh": "备份缺口 {:+.1f} h", "en": "reserve short {:+.1f} h"},
    "cost": {"zh": "费用 {:+.1f} 千元", "en": "cost {:+.1f} thousand yuan"},
}

ROOM: Mapping[str, Mapping[Language, str]] = {
    "layers": {"zh": "{place} 上空第 {n} 层", "en": "a layer more over {place} (number {n})"},
    "water": {"zh": "{place} 多容一架取水（第 {n} 架）", "en": "an aircraft more at {place} (number {n})"},
    "refuel": {
        "zh": "{place} 多一个加油位（第 {n} 个）",
        "en": "a refuelling point more at {place} (number {n})",
    },
}

PHRASES: Mapping[str, Mapping[Language, str]] = {
    "title": {
        "zh": "方案 {id}：目标值 {score:.1f}，就近派遣 {human:.1f}（越低越好）",
        "en": "Plan {id}: score {score:.1f}, nearest-first rule {human:.1f} (lower is better)",
    },
    "bound": {"zh": "，可证明不低于 {bound:.1f}", "en": ", proven: none below {bound:.1f}"},
    "signs": {
        "zh": "数字是改派后目标值及其各项的变化：正为变差，负为变好；生命、任务为加权分钟，火场为加权千升·时。",
        "en": "Figures are what the score and its terms would change by: more is worse. Minutes and kilolitre-hours are "
        "weighted.",
    },
    "assignments": {
        "zh": "派遣（{count}）：若不派，由谁接替，差多少",
        "en": "Assignments ({count}): who would step in, and the difference",
    },
    "unused": {"zh": "未派（{count}）：为什么", "en": "Without work ({count}): why"},
    "short": {
        "zh": "已满之处（{count}）：再多一个值多少",
        "en": "Full places ({count}): what one more is worth",
    },
    "broken": {"zh": "违反规则（{count}）", "en": "Rules that it breaks ({count})"},
    "steps_in": {"zh": "由 {aircraft} 接替", "en": "{aircraft} would do its work"},
    "nobody": {"zh": "无机接替", "en": "nobody steps in"},
    "goes": {"zh": "它则去 {incident}", "en": "it would then work at {incident}"},
    "score_by": {"zh": "目标值 {:+.1f}", "en": "score {:+.1f}"},
    "no_difference": {"zh": "目标值不变", "en": "score unchanged"},
    "locked": {"zh": "已锁定", "en": "locked"},
    "not_measured": {
        "zh": "未比较（比较中方案有改进，或未及比较）",
        "en": "not compared (the plan became better meanwhile, or time was short)",
    },
    "if_sent": {"zh": "若派去 {incident}", "en": "if sent to {incident}"},
    "at_incidents": {"zh": "{count} 起", "en": "at {count}"},
    "none": {"zh": "无", "en": "none"},
    "illegal": {
        "zh": "方案不合规则，未作比较。",
        "en": "The plan breaks rules: nothing is compared.",
    },
    "partial": {"zh": "时间所限，未全部比较。", "en": "Time was short: not all of it is compared."},
    "comma": {"zh": "，", "en": ", "},
    "stop": {"zh": "；", "en": "; "},
    "colon": {"zh": "：", "en": ": "},
    "brackets": {"zh": "（{}）", "en": " ({})"},
}


def said(table: Mapping[str, Mapping[Language, str]], key: str, language: Language) -> str:
    """The words of a key; the key itself where there are none."""
    return table[key][language] if key in table else key

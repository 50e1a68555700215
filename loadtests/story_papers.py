"""The story's papers, logbook and key figures, each held against what the story itself did and when."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2

from loadtests.story_book import Book
from loadtests.story_sorties import RIGHT_L, TOLD_L
from loadtests.story_stage import CRAFT, TEXTED, Stage

YUAN_PER_HOUR = 38_000.0  # contract HT-03 of the shipped data: Ka-32 of OP1
WITHIN_S = 2.0  # between the story's clock before a request and the site's when it decides
CREW = "演示机长06"  # who was assigned
# What must be read on each paper, beside its number; the incident's own, then the captain's tasking's.
WORDS: dict[str, tuple[str, ...]] = {
    "alarm_record": ("三爪仑林场火情", "王调度", "公众报警"),
    "run_card": ("王调度", "核对位置"),
    "fire_report": ("三爪仑林场火情", "赣鹰01", "钱观察", "赵值班", "移交属地"),
    "task_order": ("三爪仑林场火情", "赣鹰01", "赵值班", "赣翔机长席", "由东向西洒水"),
    "flight_plan": ("赣鹰01", "空管席"),
    "flight_log": ("赣鹰01", CREW, "宝峰", "昌北", "天气"),
    "settlement": ("赣鹰01", "38,000.00", "靖安驻防站", "赣翔机长席"),
}
COUNTS = {"alarm_record": 1, "run_card": 1, "fire_report": 1, "task_order": 3, "flight_plan": 4}


def papers(book: Book, stage: Stage, fire: str, folder: Path) -> list[str]:
    """Every paper as data and as PDF; lines of a table: title, number, revision, row, what was read on it."""
    book.begin("文书")
    listed = stage.shenji.get(f"incidents/{fire}/documents")["items"]
    counted = {kind: sum(each["kind"] == kind for each in listed) for kind in WORDS}
    book.check(
        all(counted[kind] == count for kind, count in COUNTS.items()) and all(counted.values()),
        f"papers: {counted}",
    )
    kept = folder / "papers"
    kept.mkdir(parents=True, exist_ok=True)
    own = next(t["id"] for t in stage.diaodu.get("taskings")["items"] if t["aircraft_id"] == CRAFT)
    lines = []
    for each in listed:
        data = stage.shenji.get(_path(each["links"]["json"]))
        pdf = stage.shenji.get(_path(each["links"]["pdf"]))
        (kept / f"{each['number']}.pdf").write_bytes(pdf)
        text = _text(pdf)
        book.check(_bare(each["number"]) in text, f"{each['number']} is on its PDF")
        wanted = WORDS[each["kind"]] if each["tasking_id"] in ("", own) else ()
        missing = [word for word in wanted if _bare(word) not in text]
        book.check(not missing, f"{each['title']} {each['number']} lacks {missing}")
        book.check(data["digest"] == each["digest"] and data["form"]["drill"], f"{each['number']} as data")
        lines.append(
            f"| {each['title']} | {each['number']} | {each['revision']} | {each['seq']} | {len(pdf) // 1024} kB "
            f"| {'、'.join(wanted)} |"
        )
    _bill(book, stage, fire, own)
    book.refused(
        stage.kongguan,
        "空管读结算单",
        f"incidents/{fire}/documents/settlement",
        None,
        "FORBIDDEN",
        method="GET",
    )
    return lines


def _path(link: str) -> str:
    return link.partition("/api/v1/")[2]


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as paper:
        return _bare("".join(page.get_textpage().get_text_range() for page in paper))


def _bill(book: Book, stage: Stage, fire: str, own: str) -> None:
    """The settlement's sum, worked out by hand."""
    bill = stage.shenji.get(f"incidents/{fire}/documents/settlement?tasking={own}")["content"]
    flown = _flown(book)
    cost = sum(flown) / 3600 * YUAN_PER_HOUR
    book.check(len(bill["sorties"]) == len(flown), f"sorties on the bill: {bill['sorties']}")
    off = YUAN_PER_HOUR / 3600 * WITHIN_S * 2 * len(flown)
    book.check(abs(float(bill["yuan"]) - cost) <= off, f"the bill says {bill['yuan']}, by hand {cost:.2f}")


def _flown(book: Book) -> list[float]:
    """Seconds in the air of each flight, a technical stop between two."""
    first = "（航迹）" if any(deed.what == "落地（航迹）" for deed in book.deeds) else ""
    ups = [book.at("起飞（航迹）"), book.at("起飞"), book.at("继续飞行")]
    downs = [
        book.at(f"落地{first}"),
        book.at("技术经停宝峰"),
        book.at("落地", last=True),
    ]
    return [(down - up).total_seconds() for up, down in zip(ups, downs, strict=True)]


def figures(book: Book, stage: Stage) -> list[str]:
    """Key figures of the drill, each beside the same worked out by hand; lines of a table."""
    book.begin("指标")
    until = datetime.now(UTC) + timedelta(seconds=1)
    asked = f"kpis?from={stage.began:%Y-%m-%dT%H:%M:%SZ}&to={until:%Y-%m-%dT%H:%M:%SZ}&drill=true"
    told = {each["key"]: each for each in stage.shenji.get(asked)["kpis"]}
    book.refused(stage.jidi, "驻防站看指标", "kpis", None, "FORBIDDEN", method="GET")
    lines = []
    for key, (value, n, off) in _by_hand(book, stage).items():
        one = told[key]
        same = one["value"] is not None and abs(one["value"] - value) <= off and one["n"] == n
        book.check(same, f"{key}: {one['value']} of {one['n']}, by hand {value:.3f} of {n}")
        lines.append(f"| {key} | {one['unit']} | {one['value']} | {value:.3f} | {n} |")
    parts = {each["code"]: each["count"] for each in told["launches_refused"]["parts"]}
    book.check(parts == {"recall": 1, "weather": 1}, f"launches refused: {parts}")
    return lines


def _by_hand(book: Book, stage: Stage) -> dict[str, tuple[float, int, float]]:
    """Value, number of samples, and how far the site's may be off."""

    def span(begin: str, end: str) -> float:
        return (book.at(end) - book.at(begin)).total_seconds()

    tasking = next(t for t in stage.diaodu.get("taskings")["items"] if t["aircraft_id"] == CRAFT)
    third = next(
        d.what for d in book.deeds if d.what.startswith("下达 ") and d.what[3:] not in (CRAFT, TEXTED)
    )
    answers = sorted(
        (
            span(f"下达 {CRAFT}", "手机接受任务"),
            span(f"下达 {TEXTED}", "短信回码接受任务"),
            span(third, "拒绝第三架次"),
        )
    )
    airspace = sorted((span(f"下达 {CRAFT}", "空管改批"), span("再次出动", "空管批准")))
    ordered = min(book.at(d.what) for d in book.deeds if d.what.startswith("下达 "))
    planned = datetime.fromisoformat(tasking["on_scene_at"])
    flown = _flown(book)
    hours = sum(flown) / 3600
    slack = WITHIN_S * len(flown) * 2
    return {
        "verify": (span("CAP 1.2 预警", "确认事件"), 1, WITHIN_S),
        "decision": ((ordered - book.at("确认事件")).total_seconds(), 1, WITHIN_S),
        "on_scene": (span("CAP 1.2 预警", "到场（航迹）"), 1, WITHIN_S),
        "ack": (answers[1], 3, WITHIN_S),
        "airborne": (span(f"下达 {CRAFT}", "起飞（航迹）"), 1, WITHIN_S),
        "eta_error": (abs((book.at("到场（航迹）") - planned).total_seconds()), 1, WITHIN_S),
        "airspace_answer": (airspace[0], 2, WITHIN_S),
        "airspace_late": _late(book, stage),
        "false_alarm_share": (0.0, 1, 0.0),
        "launches_refused": (2.0, 3, 0.0),
        "sorties": (float(len(flown)), len(flown), 0.0),
        "flight_hours": (hours, len(flown), slack / 3600),
        **_water(book, tasking, hours),
        "cost": (hours * YUAN_PER_HOUR, len(flown), slack / 3600 * YUAN_PER_HOUR),
    }


def _water(book: Book, tasking: Any, hours: float) -> dict[str, tuple[float, int, float]]:
    """First drop, and what the water comes to: planned litres where the track told, as told and set right else."""
    told = sum(each["source"] == "track" for each in tasking["water"])
    drops = max(told, 1) + 1  # the first sortie's, and the one of the second
    tonnes = (max(told - 1, 0) * tasking["litres_per_drop"] + RIGHT_L + TOLD_L) / 1000
    first = (
        min(datetime.fromisoformat(each["at"]) for each in tasking["water"]) if told else book.at("报投水")
    )
    off = WITHIN_S * 6 / 3600 / hours  # relative: what the hours may be off
    cost = hours * YUAN_PER_HOUR / tonnes
    return {
        "first_drop": ((first - book.at("CAP 1.2 预警")).total_seconds(), 1, WITHIN_S),
        "minutes_per_bucket": (hours * 60 / drops, 3, hours * 60 / drops * off),
        "tonnes_per_flight_hour": (tonnes / hours, 3, tonnes / hours * off),
        "cost_per_tonne": (cost, 3, cost * off),
    }


def _late(book: Book, stage: Stage) -> tuple[float, int, float]:
    """Of requests that were answered, or withdrawn when an answer was due: the texted company's, where time went by."""
    (waited,) = [each for each in stage.kongguan.get("airspace")["items"] if each["aircraft_id"] == TEXTED]
    late = book.at("召回") > datetime.fromisoformat(waited["answer_due_at"])
    return (1 / 3, 3, 1e-9) if late else (0.0, 2, 0.0)


def logbook(book: Book, stage: Stage, fire: str) -> int:
    """The desk's book has a line of everything that counts; how many."""
    book.begin("日志")
    lines = stage.zhiban.get(f"logbook?incident={fire}&order=oldest&limit=500")["items"]
    told = " ".join(str(each) for each in lines)
    for word in ("确认", "下达", "接受", "起飞", "落地", "变更", "召回"):
        book.check(word in told, f"the logbook says nothing of {word}")
    whole = stage.zhiban.get("logbook?limit=500")["items"]
    for word in ("县里要求每两小时报一次", "采纳方案", "交班", "接班"):
        book.check(word in str(whole), f"the logbook says nothing of {word}")
    book.refused(stage.kongguan, "空管看值班日志", "logbook", None, "FORBIDDEN", method="GET")
    return len(lines)

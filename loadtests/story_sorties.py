"""The story's second half: answers, crews, ATC, flights confirmed from the track, a handover, what goes otherwise."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.exercise.flight import Order
from loadtests.story_alarm import killed
from loadtests.story_book import Book, Broken
from loadtests.story_stage import CAPTAIN_PHONE, CRAFT, TEXTED, Stage
from tests.gateway import code_in, reply, report
from tests.journeys.running import wait_for

ADVANCED = ("TaskingAdvanced",)
SIGNED = ("TaskingAdvanced", "ActStamped")
FOUND_WITHIN_S = 480.0
TOLD_L, RIGHT_L = 3_500.0, 3_000.0  # litres of a drop as the captain tells it, and of one set right
STANDS_S = 5.5  # heard on the ground after the release: without it nobody can tell that it left the ground


def answered(book: Book, stage: Stage, made: dict[str, dict[str, Any]]) -> None:
    """By a signed phone, by text, and a no."""
    book.begin("应答")
    path = f"taskings/{made[CRAFT]['id']}"
    book.wrongly(stage.yeban, "调度员代为接受", path, "accept", "FORBIDDEN")
    book.wrongly(stage.feixing, "别家公司接受", path, "accept", "UNKNOWN_ID")
    book.wrongly(stage.jizhang, "旧版本接受", path, "accept", "CHANGED")
    stage.jizhang.signs = False
    book.wrongly(stage.jizhang, "手机未签名", path, "accept", "BAD_SIGNATURE")
    stage.jizhang.signs = True
    book.act(stage.jizhang, "手机接受任务", path, "accept", SIGNED)
    third = next(each for craft, each in made.items() if craft not in (CRAFT, TEXTED))
    book.act(
        stage.jizhang,
        "拒绝第三架次",
        f"taskings/{third['id']}",
        "refuse",
        ("TaskingAdvanced", "ActStamped", "AirspaceAdvanced"),
        refusal="weather",
        reason="云底 200 m",
    )
    _by_text(book, stage, f"taskings/{made[TEXTED]['id']}")


def _by_text(book: Book, stage: Stage, path: str) -> None:
    message = wait_for(lambda: stage.phones.to(CAPTAIN_PHONE), "the captain's text")[0]
    book.check(len(stage.phones.to(CAPTAIN_PHONE)) == 1, "the text came once, over the kill")
    text = message["text"]
    book.check(len(text) <= 70, f"a text of one part: {text}")
    events = [report(message), reply("mo-1", CAPTAIN_PHONE, "接受 0000")]
    said = stage.duanxin.call("POST", "gateway/sms", {"events": events}).body["items"]
    book.note(stage.duanxin, "错误回复码不算数", "POST gateway/sms", said=said[1]["result"], status=200)
    book.check(said[1]["result"] == "wrong_code", f"a wrong code: {said}")
    events = [reply("mo-2", CAPTAIN_PHONE, f"1 {code_in(text)}")]
    said = stage.duanxin.call("POST", "gateway/sms", {"events": events}).body["items"]
    book.check(said[0]["result"] == "accepted", f"the reply accepts: {said}")
    accepted = stage.diaodu.get(path)["history"][-1]
    book.check(accepted["actor"] == "feixing" and "短信" in accepted["reason"], "as the captain's own act")
    book.note(
        stage.duanxin,
        "短信回码接受任务",
        "POST gateway/sms",
        status=200,
        said="accepted",
        actor="feixing",
        key="sms.mo-2",
        facts=("CalloutReplied", "TaskingAdvanced"),
    )


def crewed(book: Book, stage: Stage) -> None:
    """Who flies: refused where somebody is not rated, then another rated captain."""
    book.begin("机组")
    path = f"resources/aircraft/{CRAFT}/crew"
    seen = {each["id"]: each["version"] for each in stage.jizhang.get("resources/crew?limit=200")["items"]}
    body = {
        "crew_ids": ["C-021", "C-012"],
        "versions": {each: seen[each] for each in ("C-021", "C-011", "C-012")},
    }
    book.refused(stage.jizhang, "无机型签注的机长", path, body, "UNFIT")
    book.refused(stage.kongguan, "空管派机组", path, body, "FORBIDDEN")
    body = {
        "crew_ids": ["C-061", "C-012"],
        "versions": {each: seen[each] for each in ("C-061", "C-011", "C-012")},
    }
    book.do(stage.jizhang, "派定机组", path, body, facts=("CrewMemberSaved", "CrewMemberSaved"))


def cleared(book: Book, stage: Stage, tasking: str) -> None:
    """ATC offers something else first; the desk takes it; only then the base releases."""
    book.begin("空域")
    path = f"taskings/{tasking}"
    book.act(stage.jizhang, "开始准备", path, "prepare", SIGNED)
    book.wrongly(stage.jidi, "空域未批即放行", path, "release", "AIRSPACE_NOT_APPROVED")
    request = _request(stage, tasking)
    book.wrongly(stage.yeban, "调度员批空域", f"airspace/{request}", "approve", "FORBIDDEN")
    counter = {
        "ceiling_m": 700.0,
        "reason": "上方有航班",
        "expires_at": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(),
    }
    book.act(
        stage.kongguan, "空管改批", f"airspace/{request}", "counter", ("AirspaceAdvanced",), counter=counter
    )
    book.wrongly(stage.kongguan, "空管替我方接受", f"airspace/{request}", "accept", "FORBIDDEN")
    book.wrongly(stage.jidi, "改批未接受即放行", path, "release", "AIRSPACE_NOT_APPROVED")
    book.act(stage.diaodu, "接受改批", f"airspace/{request}", "accept", ("AirspaceAdvanced",))
    book.wrongly(stage.kongguan, "已批再批", f"airspace/{request}", "approve", "NOT_NOW")
    book.wrongly(stage.jizhang, "机组自己放行", path, "release", "FORBIDDEN")
    book.wrongly(stage.jidi, "旧版本放行", path, "release", "CHANGED")
    book.act(stage.jidi, "放行", path, "release", ADVANCED)


def _request(stage: Stage, tasking: str) -> str:
    return str(stage.kongguan.get(f"taskings/{tasking}")["airspace_request_ids"][-1])


def confirm(book: Book, stage: Stage, path: str, action: str, what: str) -> None:
    """Wait for the track to propose a step; the captain confirms it at the track's time."""

    def proposed() -> Any:
        said = stage.jizhang.get(f"{path}/findings")
        return said if said["action"] == action else None

    found = wait_for(proposed, f"the track to propose {action}", FOUND_WITHIN_S)["proposed"]
    book.act(stage.jizhang, what, path, action, SIGNED, done_at=found["at"])
    book.deeds[-1].at = datetime.fromisoformat(found["at"])


def handed_over(book: Book, stage: Stage) -> None:
    """The shift changes while an aircraft is out: both sign."""
    book.begin("交接班")
    note = {"text": "县里要求每两小时报一次（演练）", "for_next": True}
    book.do(stage.diaodu, "值班日志留言", "logbook/notes", note, facts=("NoteAdded",))
    book.refused(stage.jidi, "驻防站交班", "handovers", {}, "FORBIDDEN")
    opened = book.do(
        stage.diaodu, "编制交接班", "handovers", {"remarks": "注意水源"}, facts=("HandoverOpened",)
    )
    path = f"handovers/{opened['handover']['id']}"
    book.refused(stage.yeban, "另开一份交接", "handovers", {}, "HANDOVER_OPEN")
    version = opened["handover"]["version"]
    book.refused(stage.yeban, "接班人代签", f"{path}/sign", {"version": version}, "NOT_YOURS")
    signed = book.do(
        stage.diaodu, "交班签字", f"{path}/sign", {"version": version}, facts=("HandoverSigned",)
    )
    version = signed["handover"]["version"]
    book.refused(stage.diaodu, "交班人自接", f"{path}/take", {"version": version}, "OWN_HANDOVER")
    book.refused(stage.yeban, "未读即接班", f"{path}/take", {"version": version}, "UNREAD_ITEMS")
    items = [each["key"] for each in signed["handover"]["items"]]
    book.check(bool(items), "there are open things")
    book.do(stage.yeban, "逐项读过", f"{path}/read", {"keys": items}, facts=("HandoverItemsRead",))
    seen = stage.yeban.get(path)["handover"]["version"]
    book.refused(stage.yeban, "旧版本接班", f"{path}/take", {"version": seen + 1}, "CHANGED")
    book.do(stage.yeban, "接班签字", f"{path}/take", {"version": seen}, facts=("HandoverTaken",))
    paper = stage.shenji.get(f"{path}/document")
    book.check("王调度" in str(paper) and "李调度" in str(paper), "the record names both")


def first_sortie(book: Book, stage: Stage, tasking: str) -> None:
    """Take-off, scene, drops, leaving and landing as the track shows them."""
    book.begin("第一架次")
    path = f"taskings/{tasking}"
    book.wrongly(stage.jidi, "驻防站报起飞", path, "take_off", "FORBIDDEN")
    said = stage.jizhang.get(path)["history"][-1]["at"]
    stood = datetime.now(UTC) - datetime.fromisoformat(said)
    threading.Event().wait(max(0.0, STANDS_S - stood.total_seconds()))
    stage.craft.order = Order.GO
    confirm(book, stage, path, "take_off", "起飞（航迹）")
    killed(book, stage, "飞机在空中")
    book.wrongly(stage.jizhang, "空中再报起飞", path, "take_off", "NOT_NOW")
    confirm(book, stage, path, "arrive", "到场（航迹）")
    amended(book, stage, path)
    dropped(book, stage, tasking, seen=0 if stage.short else stage.craft.drops)
    if stage.short:  # little time: it goes home unseen
        stage.craft.switch_off()
        book.act(stage.jizhang, "离场", path, "leave", SIGNED)
        book.act(stage.jizhang, "落地", path, "land", (*SIGNED, "AirspaceAdvanced"))
        return
    stage.craft.order = Order.HOME
    confirm(book, stage, path, "leave", "离场（航迹）")
    confirm(book, stage, path, "land", "落地（航迹）")


def amended(book: Book, stage: Stage, path: str) -> None:
    """A change of the order, in force once the captain has acknowledged it."""
    version = stage.yeban.get(path)["version"]
    more = {"version": version, "reason": "先保东侧林带", "remark": "由东向西洒水"}
    book.refused(stage.kongguan, "空管改任务", f"{path}/amend", more, "FORBIDDEN")
    book.do(stage.yeban, "变更任务", f"{path}/amend", more, facts=("TaskingAmended",))
    book.wrongly(stage.jizhang, "确认没见过的变更", path, "acknowledge", "CHANGED", amendment=1)
    seen = stage.jizhang.get(path)["version"]
    book.refused(
        stage.jizhang, "确认第 2 号变更", f"{path}/acknowledge", {"version": seen, "amendment": 2}, "CHANGED"
    )
    book.act(stage.jizhang, "确认变更", path, "acknowledge", SIGNED, amendment=1)
    book.act(stage.jizhang, "报平安", path, "ops_normal", SIGNED)


def dropped(book: Book, stage: Stage, tasking: str, *, seen: int) -> None:
    """Drops: `seen` of them confirmed as the track has shown them, else one told by the captain; one is corrected."""
    path = f"taskings/{tasking}"
    if seen:
        wait_for(lambda: len(_shown(stage, path)) >= seen, "the track to show the drops", FOUND_WITHIN_S)
        body: dict[str, Any] = {"events": [each["id"] for each in _shown(stage, path)]}
        what = "确认航迹所示投水"
    else:
        body, what = {"litres": TOLD_L}, "报投水"
    facts = ("WaterRecorded",) * max(seen, 1)
    loads = book.do(stage.jizhang, what, f"{path}/drops", body, facts=(*facts, "ActStamped"))["water"]
    book.refused(stage.kongguan, "空管报投水", f"{path}/drops", {"litres": 1.0}, "FORBIDDEN")
    if seen:
        book.refused(
            stage.jizhang, "同一投水再报", f"{path}/drops", {"event": body["events"][0]}, "ALREADY_RECORDED"
        )
    first = min(loads, key=lambda each: str(each["at"]))
    right = {"version": first["version"], "reason": "桶未装满", "litres": RIGHT_L}
    book.do(stage.jidi, "更正投水量", f"{path}/drops/{first['id']}", right, facts=("WaterCorrected",))
    book.refused(stage.jidi, "旧版本更正", f"{path}/drops/{first['id']}", right, "CHANGED")


def _shown(stage: Stage, path: str) -> list[dict[str, Any]]:
    """Drops that the track has shown and nobody has answered."""
    told = stage.jizhang.get(f"{path}/findings")["items"]
    return [each for each in told if each["kind"] == "drop" and each["answer"] == "open"]


def second_sortie(book: Book, stage: Stage, tasking: str) -> None:
    """Once more, told by the captain alone: a technical stop on the way, then a diversion."""
    book.begin("第二架次")
    path = f"taskings/{tasking}"
    book.wrongly(stage.jidi, "驻防站再次出动", path, "next_sortie", "FORBIDDEN")
    book.act(stage.jizhang, "再次出动", path, "next_sortie", (*SIGNED, "AirspaceFiled"))
    request = _request(stage, tasking)
    book.act(stage.kongguan, "空管批准", f"airspace/{request}", "approve", ("AirspaceAdvanced",))
    book.act(stage.jidi, "再次放行", path, "release", ADVANCED)
    book.act(stage.jizhang, "起飞", path, "take_off", (*SIGNED, "AirspaceAdvanced"))
    stop = {"to": {"kind": "landing_site", "id": "L-003"}, "cause": "technical"}
    book.wrongly(stage.yeban, "调度员令经停", path, "technical_stop", "FORBIDDEN", **stop)
    book.act(stage.jizhang, "技术经停宝峰", path, "technical_stop", SIGNED, **stop)
    book.act(stage.jizhang, "继续飞行", path, "resume", SIGNED)
    book.act(stage.jizhang, "到场", path, "arrive", SIGNED)
    book.do(
        stage.jizhang,
        "再报投水",
        f"{path}/drops",
        {"litres": TOLD_L},
        facts=("WaterRecorded", "ActStamped"),
    )
    away = {"to": {"kind": "base", "id": "ZSCN"}, "cause": "weather"}
    book.act(stage.jizhang, "备降昌北", path, "divert", SIGNED, **away)
    book.act(stage.jizhang, "落地", path, "land", (*SIGNED, "AirspaceAdvanced"))


def recalled(book: Book, stage: Stage, tasking: str) -> None:
    """The other company's flight is called back before it starts."""
    book.begin("召回")
    path = f"taskings/{tasking}"
    book.wrongly(stage.feixing, "公司自行召回", path, "recall", "FORBIDDEN", reason="x")
    book.wrongly(stage.yeban, "旧版本召回", path, "recall", "CHANGED", reason="x")
    book.act(stage.yeban, "召回", path, "recall", ("TaskingAdvanced", "AirspaceAdvanced"), reason="火势已控")
    book.wrongly(stage.yeban, "再次召回", path, "recall", "NOT_NOW", reason="x")
    if stage.feixing.get(path)["state"] != "ended":
        raise Broken("the recalled tasking has not ended")


def closed(book: Book, stage: Stage, fire: str) -> None:
    """Controlled, and with everybody on the ground closed."""
    book.begin("结束")
    path = f"incidents/{fire}"
    book.wrongly(stage.kongguan, "空管报控制", path, "contain", "FORBIDDEN")
    book.act(stage.guancha, "明火扑灭，已控制", path, "contain", ("IncidentAdvanced",))
    book.wrongly(stage.guancha, "观察员结束事件", path, "close", "FORBIDDEN")
    book.wrongly(stage.zhiban, "旧版本结束", path, "close", "CHANGED")
    book.act(
        stage.zhiban, "火已灭，结束", path, "close", ("IncidentAdvanced",), reason="余火清理完毕，移交属地"
    )
    book.wrongly(stage.diaodu, "再次结束", path, "close", "NOT_NOW")


def settled(book: Book, stage: Stage, tasking: str) -> None:
    """Hours and drops signed by both sides, then settled and archived."""
    book.begin("结算")
    path = f"taskings/{tasking}"
    book.wrongly(stage.jidi, "未签认即结算", path, "settle", "NOT_SIGNED")
    digest = {"digest": stage.jidi.get(f"{path}/hours")["digest"]}
    book.refused(stage.jidi, "签未见过的时间", f"{path}/hours/sign", {"digest": "0" * 64}, "CHANGED")
    book.refused(stage.zhiban, "值班长签时间", f"{path}/hours/sign", digest, "FORBIDDEN")
    book.do(stage.jidi, "驻防站签认时间", f"{path}/hours/sign", digest, facts=("HoursSigned",))
    book.do(stage.jizhang, "机长签认时间", f"{path}/hours/sign", digest, facts=("HoursSigned", "ActStamped"))
    book.wrongly(stage.jizhang, "公司自行结算", path, "settle", "FORBIDDEN")
    book.act(stage.jidi, "结算", path, "settle", ADVANCED)
    book.wrongly(stage.jidi, "再次结算", path, "settle", "NOT_NOW")
    book.wrongly(stage.jidi, "驻防站归档", path, "archive", "FORBIDDEN")
    book.act(stage.zhiban, "归档", path, "archive", ADVANCED)

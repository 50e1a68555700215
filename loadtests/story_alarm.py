"""The story's first half: who may act, what there is, and from an alarm to ordered taskings and texts on their way."""

import uuid
from typing import Any

from loadtests.story_book import Book, Broken, Person
from loadtests.story_stage import (
    ALARMS,
    CAPTAIN,
    CAPTAIN_PHONE,
    CRAFT,
    OWN,
    PEOPLE,
    TEXTED,
    Stage,
    person_of,
)
from tests.journeys.running import wait_for

NOTES = "logbook/notes"
GROUNDED = "B-70G2"  # so that the proposal turns to the second company


def accounts(book: Book, stage: Stage) -> None:
    """The security administrator makes each account; each person changes the one-time password."""
    book.begin("账号")
    for account, name, role, operator in PEOPLE:
        body: dict[str, Any] = {"name": account, "display_name": name, "roles": [role]}
        body |= {"operator_id": operator} if operator else {}
        body |= {"alarm_kinds": ALARMS[account]} if account in ALARMS else {}
        made = book.do(stage.anquan, f"开设账号 {name}", "accounts", body, facts=("AccountSaved",))
        person = person_of(stage, account, name, role)
        opened = person.sign_in(made["one_time_password"])
        book.check(opened.status == 200 and opened.body["must_change"], f"{account} signs in once")
        if account == "diaodu":
            report = {"kind": "other", "level": 4, "title": "x", "position": stage.fire.body}
            book.refused(person, "未改初始口令", "incidents", report, "PASSWORD_CHANGE_REQUIRED", status=403)
        change = {"password": made["one_time_password"], "new_password": OWN}
        book.do(person, "改为自己的口令", "session/password", change, facts=("AccountSaved",))
        stage.people[account] = person
    book.refused(
        stage.zhiban,
        "值班长开账号",
        "accounts",
        {"name": "x", "display_name": "x", "roles": ["atc"]},
        "FORBIDDEN",
    )


def resources(book: Book, stage: Stage) -> None:
    """A reservoir near the fire, a helicopter out of service, the number of the second company's captain."""
    book.begin("资源")
    water = {
        "id": "W-YL1",
        "name": "演练水库",
        "position": stage.water.body,
        "elevation_m": stage.water.elevation_m,
        "modes": ["bucket"],
        "depth_m": 9,
        "max_aircraft": 4,
        "source": "演练",
    }
    book.do(stage.jidi, "登记取水点", "resources/water_points", water, facts=("WaterPointSaved",))
    book.refused(stage.guancha, "观察员登记取水点", "resources/water_points", water, "FORBIDDEN")
    book.refused(stage.linsheng, "邻省席登记取水点", "resources/water_points", water, "FORBIDDEN")
    off = {"serviceable": "false", "unserviceable_reason": "50 小时定检（演练）"}
    stale = _row(book, stage.jidi, f"停飞 {GROUNDED}", "aircraft", GROUNDED, off, "AircraftSaved")
    book.refused(stage.jidi, "旧版本改航空器", "resources/aircraft/rows", stale, "CHANGED")
    phone = {"phone": CAPTAIN_PHONE}
    _row(book, stage.feixing, "登记机长电话", "crew", CAPTAIN, phone, "CrewMemberSaved")


def _row(
    book: Book, who: Person, what: str, kind: str, id_: str, cells: dict[str, str], fact: str
) -> dict[str, Any]:
    """Some cells of one row of a table, at the version seen; the body, which is stale from then on."""
    rows = who.get(f"resources/{kind}/rows?limit=200")["items"]
    (row,) = [each for each in rows if each["id"] == id_]
    body = {"id": id_, "version_seen": row["version"], "cells": row["cells"] | cells}
    book.do(who, what, f"resources/{kind}/rows", body, facts=(fact,))
    return body


def alarm(book: Book, stage: Stage) -> str:
    """CAP in, the public's report of the same fire, verified, merged, confirmed; the incident's id."""
    book.begin("接警")
    book.refused(
        stage.jiejing, "无权来源报预警", "alarms/camera", [{"position": stage.fire.body}], "FORBIDDEN"
    )
    said = book.do(
        stage.yujing,
        "CAP 1.2 预警",
        "alarms/cap",
        stage.cap(),
        kind="application/cap+xml",
        facts=("IncidentReported",),
    )
    (candidate,) = said["candidates"]
    fire = str(candidate["id"])
    again = book.do(stage.yujing, "同一预警再报", "alarms/cap", stage.cap(), kind="application/cap+xml")
    book.check(
        [each["id"] for each in again["merged"]] == [fire] or bool(again["candidates"]), "a repeat is known"
    )
    told = {
        "title": "三爪仑山上有烟（演练）",
        "kind": "forest_fire",
        "position": {"lon_deg": stage.fire.lon_deg + 0.004, "lat_deg": stage.fire.lat_deg},
        "contact": "13800138000",
    }
    said = book.do(stage.jiejing, "公众报警", "alarms/report", told, facts=("IncidentReported",))
    report = said["candidates"][0]
    near = [each["incident_id"] for each in report["possible_duplicates"]]
    book.check(fire in near, "the public's report names the warning as a possible duplicate")
    path = f"incidents/{report['id']}"
    book.wrongly(stage.diaodu, "未核验即确认", path, "confirm", "UNVERIFIED")
    book.wrongly(stage.guancha, "观察员核验", path, "verify", "FORBIDDEN", note="看见了")
    book.act(stage.diaodu, "核验公众报警", path, "verify", ("IncidentVerified",), note="回拨 119，护林员在场")
    book.wrongly(stage.diaodu, "旧版本合并", path, "merge", "CHANGED", merge_into=fire)
    book.act(
        stage.diaodu,
        "并入预警事件",
        path,
        "merge",
        ("IncidentAdvanced", "AlarmsJoined"),
        merge_into=fire,
        reason="同一火点",
    )
    path = f"incidents/{fire}"
    book.refused(stage.diaodu, "未确认求方案", "plans", {"incident_ids": [fire]}, "NOT_CONFIRMED")
    book.wrongly(stage.kongguan, "空管确认事件", path, "confirm", "FORBIDDEN")
    book.act(stage.diaodu, "确认事件", path, "confirm", ("IncidentAdvanced",))
    book.wrongly(stage.diaodu, "再次确认", path, "confirm", "NOT_NOW")
    known = {"level": 3, "area_m2": 35000.0, "fuel": "closed_litter", "demand_l": 60000.0}
    book.act(stage.guancha, "定级Ⅲ级并报火势", path, "update", ("IncidentUpdated",), **known)
    return fire


def run_card(book: Book, stage: Stage, fire: str) -> None:
    """The card that the rule proposes is applied; its first lines and a notice are ticked."""
    book.begin("预案")
    path = f"incidents/{fire}"
    card = stage.diaodu.get(f"{path}/run-card")
    body = {"version": card["version"], "card_id": card["proposed"]["id"]}
    book.refused(stage.jidi, "驻防站用预案", f"{path}/run-card", body, "FORBIDDEN")
    book.refused(
        stage.zhiban, "旧版本用预案", f"{path}/run-card", body | {"version": body["version"] - 1}, "CHANGED"
    )
    other = next(each for each in card["fitting"] if each["id"] != body["card_id"])
    book.refused(
        stage.diaodu, "改预案不说理由", f"{path}/run-card", body | {"card_id": other["id"]}, "REASON_REQUIRED"
    )
    applied = book.do(
        stage.diaodu, f"启用预案 {body['card_id']}", f"{path}/run-card", body, facts=("RunCardApplied",)
    )["applied"]
    lines = [each["item"] for each in applied["items"]]
    check = [each["key"] for each in applied["items"] if each["item"]["sort"] != "notice"][:2]
    notice = [each["key"] for each in applied["items"] if each["item"]["sort"] == "notice"][:1]
    book.check(bool(check and notice), f"the card has lines and notices: {lines[:1]}")
    for key in (*check, *notice):
        what = "通报" if key in notice else "核对"
        book.do(
            stage.diaodu,
            f"{what}一项",
            f"{path}/checklist/{key}",
            {"done": True, "version": 0},
            facts=("CardItemTicked",),
        )
    book.refused(
        stage.diaodu, "旧版本再勾", f"{path}/checklist/{check[0]}", {"done": False, "version": 0}, "CHANGED"
    )


def planned(book: Book, stage: Stage, fire: str) -> dict[str, dict[str, Any]]:
    """A proposal adopted: the captain's, the texted and a third tasking, by aircraft."""
    book.begin("方案")
    book.refused(stage.kongguan, "空管求方案", "plans", {"incident_ids": [fire]}, "FORBIDDEN")
    plan = _proposal(book, stage, fire)
    chosen = _chosen(stage, plan)
    body = {"version": plan["version"], "aircraft_ids": chosen}
    book.refused(stage.zhiban, "值班长采纳", f"plans/{plan['id']}/adopt", body, "FORBIDDEN")
    book.do(
        stage.diaodu,
        "采纳方案",
        f"plans/{plan['id']}/adopt",
        body,
        facts=("PlanAdopted", *["TaskingAdopted"] * len(chosen), "IncidentAdvanced"),
    )
    made = {each["aircraft_id"]: each for each in stage.diaodu.get("taskings")["items"]}
    book.check(set(made) == set(chosen), f"a tasking for each: {sorted(made)}")
    return made


def _proposal(book: Book, stage: Stage, fire: str) -> Any:
    for _ in range(3):
        plan = book.do(stage.diaodu, "求方案", "plans", {"incident_ids": [fire]})
        if _chosen(stage, plan):
            book.check(
                bool(plan["reasons"]) and (plan["bound"] is None or plan["bound"] <= plan["score"]),
                "reasons and bound",
            )
            return plan
    raise Broken(f"no proposal with both companies: {[a['aircraft_id'] for a in plan['assignments']]}")


def _chosen(stage: Stage, plan: Any) -> list[str]:
    """The captain's, the texted, and one more of the first company; empty where one of them is not proposed."""
    own = {
        each["id"]
        for each in stage.diaodu.get("resources/aircraft?limit=100")["items"]
        if each["operator_id"] == "OP1"
    }
    proposed = [each["aircraft_id"] for each in plan["assignments"]]
    third = [each for each in proposed if each in own - {CRAFT}][:1]
    wanted = [CRAFT, TEXTED, *third]
    return wanted if third and set(wanted) <= set(proposed) else []


def ordered(book: Book, stage: Stage, made: dict[str, dict[str, Any]]) -> None:
    """The duty chief orders; ATC is asked in the same breath; closed phones get a text; kill -9 while it is on its way."""
    book.begin("下达")
    path = f"taskings/{made[CRAFT]['id']}"
    book.wrongly(stage.yeban, "调度员下达", path, "order", "FORBIDDEN")
    book.wrongly(stage.zhiban, "旧版本下达", path, "order", "CHANGED")
    book.wrongly(stage.jizhang, "未下达即接受", path, "accept", "NOT_NOW")
    if not stage.short:
        stage.phones.mood.extend(["drop"] * 2)  # the gateway has it, and the site never hears so
    for craft, tasking in made.items():
        book.act(
            stage.zhiban,
            f"下达 {craft}",
            f"taskings/{tasking['id']}",
            "order",
            ("TaskingAdvanced", "AirspaceFiled"),
        )
    book.wrongly(stage.zhiban, "再次下达", path, "order", "NOT_NOW")
    wait_for(lambda: stage.phones.to(CAPTAIN_PHONE), "the text at the gateway")
    if not stage.short:
        killed(book, stage, "短信在途")


def killed(book: Book, stage: Stage, when: str) -> None:
    """kill -9 right after an answer, and up again: what was answered is there, once, and so is its key."""
    body = {"text": f"拔电源：{when}（演练）"}
    key = uuid.uuid4().hex
    first = book.do(stage.diaodu, f"留言后 kill -9（{when}）", NOTES, body, facts=("NoteAdded",), key=key)
    stage.restart()
    again = stage.diaodu.call("POST", NOTES, body, key=key)
    book.check(again.body.get("id") == first["id"], f"sent again it gets its first answer: {again}")
    other = {"text": "同一键，另一句话"}
    book.refused(stage.diaodu, "同一键另一内容", NOTES, other, "KEY_REUSED", status=422, key=key)

"""The sheet that is left when the screens are dark: what goes on, what is closed, who may not fly."""

from dataclasses import replace

from dispatch.closure_commands import LiftClosure
from dispatch.kinds import Role, TaskingAction
from dispatch.papers.fallback import sheet
from dispatch.papers.form import Table
from dispatch.resource_commands import SaveResource
from tests.dispatch.papers.flown import Fought, whole
from tests.dispatch.test_closure import declare


def rows(scene: Fought, title: str) -> tuple[tuple[str, ...], ...]:
    form = sheet(scene.world, scene.now, site_name="江西")
    (found,) = [each for each in form.sections if each.title.startswith(title)]
    assert isinstance(found, Table)
    return found.rows


def test_a_clock_that_has_passed_is_called_overdue() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, TaskingAction.ORDER)
    scene.wait(minutes=5)
    answer = next(row for row in rows(scene, "时限") if row[3] == "应答")
    assert answer[4] == "超时 3 min 00 s"


def test_closed_airspace_stands_on_it_until_it_is_lifted() -> None:
    scene = Fought()
    closure = declare(scene)
    ((name, *_),) = rows(scene, "禁飞区")
    assert name.startswith(closure.name)
    lift = LiftClosure(closure_id=closure.id, version_seen=1, reason="解除")
    scene.ask(Role.DISPATCHER, lift)
    assert rows(scene, "禁飞区") == ()


def test_an_aircraft_that_may_not_fly_says_why() -> None:
    scene = Fought()
    present = scene.world.aircraft["B-7002"]
    grounded = replace(present, serviceable=False, unserviceable_reason="尾桨检查")
    scene.site_asks(SaveResource(resource=grounded, version_seen=present.version))
    states = {row[0]: row[4] for row in rows(scene, "未派航空器")}
    assert states["赣鹰01 B-7001"] == "可用"
    assert "停飞" in states["赣鹰02 B-7002"]
    assert "尾桨检查" in states["赣鹰02 B-7002"]


def test_what_is_over_is_not_on_it() -> None:
    scene = whole()
    assert rows(scene, "在办事件") == rows(scene, "在飞") == rows(scene, "空域") == ()

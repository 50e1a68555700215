"""The book tells every kind of fact, or says why it does not; what it tells is a line in both languages."""

import typing

from dispatch import card_clocks, facts
from dispatch.incident_commands import CorrectIncident
from dispatch.kinds import Role
from dispatch.papers.fallback import sheet
from dispatch.papers.form import Table
from dispatch.papers.log_lines import _LINES, NOT_TOLD, told
from dispatch.records import Identity
from dispatch.resource_commands import SaveIdentity
from tests.dispatch.cards import apply, card, saved
from tests.dispatch.scene import Scene


def test_each_kind_of_fact_is_told_or_named_with_why_not() -> None:
    known = set(typing.get_args(facts.Fact))
    assert _LINES.keys() | NOT_TOLD.keys() == known
    assert not _LINES.keys() & NOT_TOLD.keys()
    assert all(NOT_TOLD.values())


def lines(scene: Scene) -> list[tuple[str, str]]:
    """Chinese and English of everything that the book tells."""
    found = (told(scene.world, each) for each in scene.journal)
    return [(each.zh, each.en) for each in found if each is not None]


def test_corrections_late_lines_and_identities_are_told_and_the_sheet_has_what_is_open() -> None:
    scene = Scene()
    saved(scene, card())
    incident_id = scene.report()
    apply(scene, incident_id)
    scene.wait(seconds=130)
    for command in card_clocks.due(scene.world, scene.now):
        scene.site_asks(command)
    correct = CorrectIncident(incident_id=incident_id, version_seen=2, reason="现场核实", place="奉新县")
    scene.ask(Role.DISPATCHER, correct)
    identity = Identity(id="", site="36", name="张三手机", thing_kind=None, keys=("phone:zhang",))
    scene.ask(Role.DISPATCHER, SaveIdentity(identity=identity, version_seen=0))
    (late, fixed, known) = lines(scene)[-3:]
    assert "预案事项超时" in late[0]
    assert "核实火场周边人员" in late[0]
    assert "overdue" in late[1]
    assert fixed == (
        "“三爪仑林火”更正：地点 奉新县：现场核实",
        "“三爪仑林火” corrected: place 奉新县：现场核实",
    )
    assert known == ("身份登记“张三手机”更新：phone:zhang", "Identity “张三手机” saved: phone:zhang")
    form = sheet(scene.world, scene.now, site_name="江西")
    (open_lines,) = [each for each in form.sections if each.title == "预案未办事项"]
    assert isinstance(open_lines, Table)
    assert [row[1:3] for row in open_lines.rows] == [
        ("通报", "省应急管理厅值班室\n"[:-1]),
        ("处置", "核实火场周边人员"),
    ]
    assert open_lines.rows[1][3].endswith("超时")
    assert {"在办事件", "时限", "空域", "取水点", "手记"} <= {each.title for each in form.sections}

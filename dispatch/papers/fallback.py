"""The fallback sheet (应急备份单): the running operation on paper, to go on by hand when every screen is dark.

It holds what the next half hour needs: who is out, where, on which water, what ATC has said, which clocks run. What the
site does not know (telephones, frequencies) has room to be written in, said as such.
"""

from datetime import datetime, timedelta

from dispatch.closure import is_over
from dispatch.correction import moved_m
from dispatch.fitness import crew_of, unfit
from dispatch.geo import Position, distance_m
from dispatch.handover import unfinished
from dispatch.incident import LIFECYCLE
from dispatch.kinds import AirspaceState
from dispatch.papers import words
from dispatch.papers.fallback_cards import lines
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.handover_words import said
from dispatch.papers.traffic_sheet import traffic_tables
from dispatch.records import Aircraft, AirspaceRequest, Closure, Incident, Tasking
from dispatch.shifts import coming, on_duty
from dispatch.staff_records import DutyShift
from dispatch.water import banned, depth_now_m
from dispatch.world import ONGOING, World

NEAR_M = 50_000.0  # water and bases within this of an open incident are listed: a quarter of an hour's flight
OPEN_REQUESTS = frozenset(
    {
        AirspaceState.FILED,
        AirspaceState.COUNTERED,
        AirspaceState.APPROVED,
        AirspaceState.ACTIVE,
        AirspaceState.NONCONFORMING,
    }
)
BY_HAND = ""  # an empty cell to write in
BLANK_LINES = 8
MOST_CORNERS = 12  # of a closure that are written out
WRITE_IN = "＿＿＿＿＿＿"  # where the site knows none


def sheet(world: World, now: datetime, *, site_name: str) -> Form:
    """The form to print, of everything that goes on at `now`."""
    incidents = sorted(
        (i for i in world.incidents.values() if not LIFECYCLE.final(i.state)),
        key=lambda i: (i.level, i.reported_at, i.id),
    )
    taskings = sorted(
        (t for t in world.taskings.values() if t.state in ONGOING), key=lambda t: (t.number, t.id)
    )
    requests = sorted(
        (r for r in world.requests.values() if r.state in OPEN_REQUESTS), key=lambda r: (r.filed_at, r.id)
    )
    return Form(
        title="运行应急备份单",
        sections=(
            _head(world, now, site_name, len(incidents), len(taskings)),
            _on_duty(world, now),
            *_handing_over(world),
            _incidents(incidents),
            *lines(incidents, now),
            _taskings(world, taskings),
            _clocks(taskings, now),
            _airspace(world, requests),
            *traffic_tables(world, incidents, now),
            _closures(world, now),
            _water(world, incidents, taskings, now),
            _free(world, now),
            _bases(world, incidents, taskings),
            _blank(),
        ),
        signatures=(Signature(label="打印人"), Signature(label="值班长"), Signature(label="接班人")),
        notes=(
            "本单为打印时刻的记录，之后的变化请手写在“手记”内；系统恢复后补录。",
            "空域以空管批准为准，超时不视为同意。标“手填”处系统无记录。",
        ),
        drill=any(i.simulated for i in incidents) or any(t.simulated for t in taskings),
    )


def _head(world: World, now: datetime, site_name: str, incidents: int, taskings: int) -> Grid:
    return Grid(
        title="概况",
        cells=(
            Cell(key="site", label="单位", text=f"{site_name}（{world.site}）"),
            Cell(key="printed_at", label="打印时间", text=words.moment(now)),
            Cell(key="open", label="在办", text=f"{incidents} 起事件，{taskings} 份任务"),
            Cell(key="seq", label="日志行号", text=f"#{world.seq}，{words.moment(world.at)}"),
        ),
    )


def _on_duty(world: World, now: datetime) -> Table:
    """Who is on duty, who comes next, and where they are reached."""

    def row(shift: DutyShift, present: str) -> tuple[str, ...]:
        account = world.accounts.get(shift.account)
        base = world.bases.get(shift.base_id)
        where = f"\n{base.name}" if base else ""
        return (
            present,
            f"{words.DUTY_POST[shift.post]}{where}",
            account.display_name if account else shift.account,
            f"{words.clock(shift.begins_at)}\n{words.clock(shift.ends_at)}",
            shift.phone or WRITE_IN,
        )

    rows = [row(each, "在班") for each in on_duty(world, now)]
    rows += [row(each, "下一班") for each in coming(world, now)]
    return Table(
        title="值班人员",
        heads=("班次", "岗位", "姓名", "起止", "电话"),
        rows=tuple(rows),
        widths=(0.12, 0.26, 0.2, 0.2, 0.22),
    )


def _handing_over(world: World) -> tuple[Table, ...]:
    """The checklist of a handover under way; none where nobody hands over."""
    handover = unfinished(world)
    if handover is None:
        return ()
    read = {each.key for each in handover.reads}
    return (
        Table(
            title=f"交接班未完成：{words.HANDOVER_STATE[handover.state]}，本班至 {words.clock(handover.due_at)}",
            heads=("类别", "事项", "情况", "阅"),
            rows=tuple(
                (words.HANDOVER_ITEM[item.kind], item.title, said(item), "√" if item.key in read else "□")
                for item in handover.items
            ),
            widths=(0.17, 0.45, 0.3, 0.08),
        ),
    )


def _incidents(incidents: list[Incident]) -> Table:
    return Table(
        title="在办事件",
        heads=("事件", "类型 等级", "状态", "地点与坐标", "接报"),
        rows=tuple(
            (
                f"{each.title}\n{each.id}",
                f"{words.INCIDENT_KIND[each.kind]} {words.LEVELS.get(each.level, '')[:2]}"
                + ("\n人员受威胁" if each.life_at_risk else ""),
                words.INCIDENT_STATE[each.state],
                f"{each.place}\n{_short(each.position)}".strip(),
                words.clock(each.reported_at),
            )
            for each in incidents
        ),
        widths=(0.28, 0.16, 0.1, 0.32, 0.14),
    )


def _taskings(world: World, taskings: list[Tasking]) -> Table:
    def row(tasking: Tasking) -> tuple[str, ...]:
        aircraft = world.aircraft.get(tasking.aircraft_id)
        water = world.water_points.get(tasking.water_point_id)
        base = world.bases.get(tasking.base_id)
        return (
            f"{tasking.number}\n{words.TASKING_STATE[tasking.state]}",
            f"{aircraft.name if aircraft else ''} {tasking.aircraft_id}\n{aircraft.model if aircraft else ''}".strip(),
            f"{tasking.incident_title}{_moved(world, tasking)}\n水 {water.name if water else '—'}\n回 {base.name if base else tasking.base_id}",
            f"起 {_time(tasking.take_off_at)}\n到 {_time(tasking.on_scene_at)}\n落 {_time(tasking.land_at)}",
            f"{_operator(world, tasking.operator_id)}\n{_crew(world, tasking.aircraft_id)}".strip(),
            BY_HAND,
        )

    return Table(
        title="在飞与待飞任务（计划时间）",
        heads=("任务书", "航空器", "任务", "计划", "承运与机组", "频率（手填）"),
        rows=tuple(row(each) for each in taskings),
        widths=(0.14, 0.17, 0.21, 0.12, 0.24, 0.12),
    )


def _moved(world: World, tasking: Tasking) -> str:
    """That the scene was corrected to another place than this order says."""
    far_m = moved_m(world, tasking)
    return "" if far_m is None else f"\n现场坐标已更正，距任务书 {far_m / 1000:.1f} km"


def _clocks(taskings: list[Tasking], now: datetime) -> Table:
    running = sorted(
        (timer.due_at, each.number, each.aircraft_id, timer.kind)
        for each in taskings
        for timer in each.timers
    )
    return Table(
        title="时限",
        heads=("到时", "任务书", "航空器", "时限", "余"),
        rows=tuple(
            (
                words.moment(due_at)[5:],
                number,
                aircraft,
                words.TIMER[kind],
                words.span((due_at - now).total_seconds())
                if due_at > now
                else f"超时 {words.span((now - due_at).total_seconds())}",
            )
            for due_at, number, aircraft, kind in running
        ),
        widths=(0.22, 0.2, 0.2, 0.18, 0.2),
    )


def _airspace(world: World, requests: list[AirspaceRequest]) -> Table:
    def row(request: AirspaceRequest) -> tuple[str, ...]:
        block, tasking = request.airspace, world.taskings.get(request.tasking_id)
        return (
            f"{tasking.number if tasking else ''}\n{request.aircraft_id}",
            words.AIRSPACE_STATE[request.state],
            f"{_short(block.centre)}\n半径 {block.radius_m / 1000:.1f} km",
            f"{block.floor_m:.0f}–{block.ceiling_m:.0f} m\n{words.DATUM[block.datum]}",
            f"{words.clock(block.active_from)}\n{words.clock(block.active_until)}",
            words.clock(request.answer_due_at) if request.state is AirspaceState.FILED else "—",
        )

    return Table(
        title="空域",
        heads=("任务书", "状态", "作业区", "高度", "使用起止", "应答时限"),
        rows=tuple(row(each) for each in requests),
        widths=(0.16, 0.15, 0.25, 0.16, 0.14, 0.14),
    )


def _closures(world: World, now: datetime) -> Table:
    """What nobody flies through, now and next."""

    def outline(closure: Closure) -> str:
        shape = closure.outline
        if shape.centre is not None:
            return f"{_short(shape.centre)}\n半径 {shape.radius_m / 1000:.1f} km"
        return "\n".join(_short(corner) for corner in shape.ring[:-1][:MOST_CORNERS])

    coming = sorted(
        (each for each in world.closures.values() if not is_over(each, now)),
        key=lambda each: (each.active_from, each.id),
    )
    return Table(
        title="禁飞区",
        heads=("名称", "种类", "范围", "高度", "起止"),
        rows=tuple(
            (
                f"{each.name}\n{each.reason}".strip(),
                words.CLOSURE_KIND[each.kind],
                outline(each),
                f"{each.floor_m:.0f}–{each.ceiling_m:.0f} m\n{words.DATUM[each.datum]}",
                f"{words.clock(each.active_from)}\n{words.clock(each.active_until)}",
            )
            for each in coming
        ),
        widths=(0.26, 0.14, 0.28, 0.16, 0.16),
    )


def _near(incidents: list[Incident], position: Position) -> float | None:
    """Metres to the nearest open incident, None beyond NEAR_M."""
    nearest = min((distance_m(each.position, position) for each in incidents), default=None)
    return nearest if nearest is not None and nearest <= NEAR_M else None


def _water(world: World, incidents: list[Incident], taskings: list[Tasking], now: datetime) -> Table:
    used = {each.water_point_id for each in taskings}
    rows = []
    for each in world.water_points.values():
        away = _near(incidents, each.position)
        if away is None and each.id not in used:
            continue
        taken = "、".join(t.number for t in taskings if t.water_point_id == each.id)
        shown = (
            f"{each.name}\n{each.id}",
            _short(each.position),
            f"{depth_now_m(each, now):g} m，{each.max_aircraft} 架"
            + (f"\n禁用：{each.ban}" if banned(each, now) else ""),
            "—" if away is None else f"{away / 1000:.0f} km",
            taken or "—",
        )
        rows.append((away if away is not None else NEAR_M, each.id, shown))
    return Table(
        title="取水点",
        heads=("名称", "坐标", "水深 容量", "距火场", "占用"),
        rows=tuple(shown for _, _, shown in sorted(rows)),
        widths=(0.24, 0.26, 0.18, 0.12, 0.2),
    )


def _free(world: World, now: datetime) -> Table:
    """Own aircraft that nobody has tasked; those that cannot go say why."""
    idle = (
        each
        for each in world.aircraft.values()
        if each.site == world.site and world.ongoing_tasking(each.id) is None
    )
    rows = []
    for each in sorted(idle, key=lambda a: (not a.serviceable, a.at_base_id, a.id)):
        base = world.bases.get(each.at_base_id)
        rows.append(
            (
                f"{each.name} {each.id}",
                each.model,
                base.name if base else each.at_base_id or "不在基地",
                _operator(world, each.operator_id),
                _able(world, each, now),
            )
        )
    return Table(
        title="未派航空器",
        heads=("航空器", "机型", "所在基地", "承运", "状态"),
        rows=tuple(rows),
        widths=(0.2, 0.15, 0.2, 0.23, 0.22),
    )


def _able(world: World, aircraft: Aircraft, now: datetime) -> str:
    """Whether it may be tasked, and every rule that says no."""
    reasons = unfit(world, aircraft, now)
    if reasons:
        told = (
            f"{words.UNFIT.get(each.code, each.code)} {each.who} {each.detail}".strip() for each in reasons
        )
        return "不可派：" + "；".join(told)
    until = aircraft.duty_ends_at
    return (
        f"可用，值勤至 {_time(until)}" if until is not None and until <= now + timedelta(hours=1) else "可用"
    )


def _operator(world: World, operator_id: str) -> str:
    """Its name and telephone, or room to write one."""
    found = world.operators.get(operator_id)
    name = found.name if found else operator_id
    return f"{name}\n电话 {found.phone if found and found.phone else WRITE_IN}"


def _crew(world: World, aircraft_id: str) -> str:
    """Who is aboard or stands ready, with telephones."""
    return "\n".join(
        f"{words.CREW_DUTY[one.duty]} {one.name} {one.phone}".strip() for one in crew_of(world, aircraft_id)
    )


def _bases(world: World, incidents: list[Incident], taskings: list[Tasking]) -> Table:
    used = {each.base_id for each in taskings}
    shown = [
        each
        for each in world.bases.values()
        if each.id in used or _near(incidents, each.position) is not None
    ]
    return Table(
        title="基地",
        heads=("名称", "坐标", "跑道", "电话（手填）"),
        rows=tuple(
            (
                f"{each.name} {each.id}",
                _short(each.position),
                f"{each.runway_m:.0f} m" if each.runway_m else "直升机坪",
                BY_HAND,
            )
            for each in sorted(shown, key=lambda base: base.id)
        ),
        widths=(0.3, 0.28, 0.14, 0.28),
    )


def _blank() -> Table:
    return Table(
        title="手记",
        heads=("时间", "谁", "内容"),
        rows=(("\u00a0", BY_HAND, BY_HAND),) * BLANK_LINES,
        widths=(0.14, 0.18, 0.68),
    )


def _short(position: Position) -> str:
    return words.place(position).partition("（")[0]


def _time(at: datetime) -> str:
    return words.clock(at)[6:]

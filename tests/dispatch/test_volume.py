"""Airspace volumes at a site: who keeps them, imports that repeat, hours, and who is inside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import access, volume
from dispatch.errors import Forbidden, GanyingError
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from dispatch.volume_commands import AmendVolume, ImportVolumes, SaveVolume, WithdrawVolumes
from dispatch.volume_index import Heights, VolumeIndex
from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import (
    ActiveTime,
    Footprint,
    HeightLimit,
    Ring,
    Volume,
    VolumeSource,
    VolumeTerms,
)
from dispatch.volume_shape import polygons
from dispatch.volume_watch import Watch
from protocols.codec import facts as codec
from tests.dispatch.scene import NOW, Scene


def ring(*corners: tuple[float, float]) -> tuple[Position, ...]:
    return tuple(Position(lon_deg=lon, lat_deg=lat) for lon, lat in corners)


SQUARE = Footprint(ring=ring((115, 28), (116, 28), (116, 29), (115, 29)))


def terms(name: str = "昌北管制地带", **other: object) -> VolumeTerms:
    usual: dict[str, object] = {
        "name": name,
        "kind": VolumeKind.CTR,
        "footprint": SQUARE,
        "floor": volume.GROUND,
        "ceiling": HeightLimit(datum=AltitudeDatum.MSL, value_m=600.0, stated="600 m AMSL"),
        "source": VolumeSource(file="jx.txt", format=VolumeFormat.OPENAIR, line=1, feature=name),
        "permanent": True,
    }
    return VolumeTerms(**(usual | other))  # type: ignore[arg-type]


def imported(scene: Scene, *given: VolumeTerms, role: Role = Role.DISPATCHER) -> list[Volume]:
    scene.ask(role, ImportVolumes(volumes=given))
    return [scene.world.volumes[volume.id_of("36", each)] for each in given]


def refused(scene: Scene, role: Role, command: object) -> GanyingError:
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        scene.ask(role, command)  # type: ignore[arg-type]
    assert scene.world is before
    return caught.value


def test_volumes_are_imported_amended_withdrawn_imported_again_and_replay_from_bytes() -> None:
    scene = Scene()
    first, _ = imported(scene, terms(), terms("靖安禁区", kind=VolumeKind.PROHIBITED))
    assert (first.version, first.saved_by, [each.action for each in first.history]) == (
        1,
        "dispatcher",
        ["import"],
    )
    hours = (ActiveTime(begins_at=NOW, ends_at=NOW + timedelta(hours=3)),)
    scene.ask(
        Role.DUTY_CHIEF,
        AmendVolume(volume_id=first.id, version_seen=1, times=hours, control=AirspaceControl.CONTROLLED),
    )
    amended = scene.world.volumes[first.id]
    assert (amended.terms.permanent, amended.terms.times, amended.version) == (False, hours, 2)
    assert amended.history[-1].reason == "control, permanent, times"
    at = scene.world.volumes_at
    scene.ask(Role.DISPATCHER, WithdrawVolumes(volume_ids=(first.id,), versions_seen=(2,), reason="图已换版"))
    assert scene.world.volumes[first.id].withdrawn_at == scene.now
    assert scene.world.volumes_at > at
    assert (
        refused(scene, Role.DISPATCHER, AmendVolume(volume_id=first.id, version_seen=3, name="x")).code
        == "NOT_NOW"
    )
    (again,) = imported(scene, terms())
    assert (again.withdrawn_at, again.version, len(again.history)) == (None, 4, 4)
    assert scene.replayed() == scene.world
    for row in scene.journal:
        assert codec.decode(*codec.encode(row.fact)) == row.fact


def test_the_same_file_again_changes_nothing_and_another_line_is_no_change() -> None:
    scene = Scene()
    (first,) = imported(scene, terms())
    moved = terms(source=replace(first.terms.source, line=99))
    assert refused(scene, Role.DISPATCHER, ImportVolumes(volumes=(moved,))).code == "NOTHING_CHANGED"
    imported(scene, terms(ceiling=volume.UNLIMITED), terms("新"))
    assert len(scene.world.volumes) == 2


def test_only_the_desk_and_atc_keep_volumes_and_what_atc_saved_only_atc_changes() -> None:
    scene = Scene()
    for role in Role:
        if role not in access.SAVE_VOLUME:
            assert isinstance(refused(scene, role, ImportVolumes(volumes=(terms(),))), Forbidden)
    (theirs,) = imported(scene, terms(), role=Role.ATC)
    for command in (
        ImportVolumes(volumes=(terms(ceiling=volume.UNLIMITED),)),
        AmendVolume(volume_id=theirs.id, version_seen=1, name="x"),
        WithdrawVolumes(volume_ids=(theirs.id,), versions_seen=(1,), reason="x"),
    ):
        assert isinstance(refused(scene, Role.DISPATCHER, command), Forbidden)
    stale = AmendVolume(volume_id=theirs.id, version_seen=7, name="x")
    assert refused(scene, Role.ATC, stale).code == "CHANGED"
    drawn = SaveVolume(terms=terms("手绘", airspace_class=AirspaceClass.W))
    scene.ask(Role.ATC, drawn)
    made = next(each for each in scene.world.volumes.values() if each.terms.name == "手绘")
    assert (made.terms.source.format, made.terms.airspace_class) == (VolumeFormat.HAND, AirspaceClass.W)


FAR = ring((115, 28), (116, 29), (116, 28), (115, 29))


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"footprint": Footprint(ring=FAR)}, "SELF_CROSSING"),
        ({"footprint": Footprint(ring=SQUARE.ring[:2])}, "TOO_FEW_CORNERS"),
        ({"footprint": Footprint(ring=SQUARE.ring * 1300)}, "TOO_MANY_CORNERS"),
        ({"footprint": Footprint()}, "NO_SHAPE"),
        ({"footprint": replace(SQUARE, centre=SQUARE.ring[0], radius_m=5.0)}, "NO_SHAPE"),
        ({"footprint": Footprint(centre=SQUARE.ring[0])}, "RADIUS"),
        ({"footprint": Footprint(centre=Position(lon_deg=0, lat_deg=89.5), radius_m=100_000)}, "OVER_POLE"),
        ({"footprint": Footprint(line=SQUARE.ring)}, "WIDTH"),
        (
            {"footprint": replace(SQUARE, holes=(Ring(corners=ring((118, 28), (118, 29), (119, 29))),))},
            "SELF_CROSSING",
        ),
        ({"floor": HeightLimit(datum=AltitudeDatum.MSL, value_m=600.0)}, "FLOOR_ABOVE_CEILING"),
        ({"floor": HeightLimit(datum=AltitudeDatum.PRESSURE, value_m=3000.0)}, "FLOOR_ABOVE_CEILING"),
        ({"floor": volume.UNLIMITED}, "HEIGHT"),
        ({"times": (ActiveTime(),)}, "TIMES"),
        ({"permanent": False, "times": (ActiveTime(weekdays=(8,)),)}, "TIMES"),
        (
            {"name": " ", "source": VolumeSource(file="f", format=VolumeFormat.AIXM, line=0, feature="x")},
            "NO_NAME",
        ),
        ({"note": "x" * 1001}, "TOO_LONG"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(other: dict[str, object], code: str) -> None:
    assert refused(Scene(), Role.ATC, ImportVolumes(volumes=(replace(terms(), **other),))).code == code


def test_heights_of_different_datums_are_kept_and_marked() -> None:
    (made,) = imported(Scene(), terms(floor=HeightLimit(datum=AltitudeDatum.AGL, value_m=900.0)))
    assert made.terms.remarks == (VolumeRemark.HEIGHTS_DIFFER,)


def test_hours_run_over_midnight_and_a_volume_without_times_is_not_active() -> None:
    night = ActiveTime(weekdays=(5,), from_s=79_200, until_s=21_600)  # Friday 22:00 to Saturday 06:00
    (made, idle) = imported(Scene(), terms(permanent=False, times=(night,)), terms("x", permanent=False))
    friday = datetime(2026, 11, 27, tzinfo=UTC)
    for hours, active in ((21, False), (22, True), (29, True), (30, False), (-2, False)):
        assert volume.is_active(made, friday + timedelta(hours=hours)) is active, hours
    assert not volume.is_active(idle, friday)
    assert VolumeRemark.TIMES_UNKNOWN in idle.terms.remarks


corner = st.tuples(st.integers(-40, 40), st.integers(-40, 40))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(corner, st.integers(1, 30), st.sampled_from(("circle", "square", "corridor"))), max_size=6
    ),
    st.lists(corner, min_size=1, max_size=30),
    st.integers(0, 3),
)
def test_the_index_finds_what_each_polygon_would_and_its_watch_tells_every_change(
    given_: list[tuple[tuple[int, int], int, str]], points: list[tuple[int, int]], turns: int
) -> None:
    volumes = []
    for n, ((x, y), reach, kind) in enumerate(given_):
        lon, lat = 179.9 + x / 100 - 360 * (x > 10), 28 + y / 100  # across 180 degrees
        at = Position(lon_deg=lon, lat_deg=lat)
        step = reach / 100
        if kind == "circle":
            footprint = Footprint(centre=at, radius_m=reach * 1000)
        elif kind == "corridor":
            footprint = Footprint(line=(at, Position(lon_deg=lon, lat_deg=lat + step)), half_width_m=3000)
        else:
            east = (lon + step + 540) % 360 - 180
            footprint = Footprint(ring=ring((lon, lat), (east, lat), (east, lat + step), (lon, lat + step)))
        made = volume.checked(terms(f"{n}", footprint=footprint))
        volumes.append(Volume(id=f"{n}", site="36", terms=made, saved_at=NOW, saved_by="", saved_as=Role.ATC))
    index = VolumeIndex(volumes[1:])
    index.update(volumes[:1])
    watch, known = Watch(index), set[tuple[int, str]]()
    for turn in range(turns + 1):
        lon = np.array([(179.9 + (x + turn * 7) / 100 + 540) % 360 - 180 for x, _ in points])
        lat = np.array([28 + y / 100 + 0.0003 for _, y in points])
        high = np.array([100.0 * (n % 9) for n in range(len(points))])
        expected = {
            (point, each.id)
            for point in range(len(points))
            for each in volumes
            if high[point] <= 600
            and any(
                shapely.contains_xy(part, lon[point], lat[point]) for part in polygons(each.terms.footprint)
            )
        }
        told = watch.tick(lon, lat, Heights.of_msl(high), NOW)
        assert {watch.pair(key) for key in told.inside} == expected
        known |= {watch.pair(key) for key in told.entered}
        known -= {watch.pair(key) for key in told.left}
        assert known == expected
        whole = index.inside(lon, lat, Heights.of_msl(high), NOW)
        assert {(int(p), index.ids[v]) for p, v in zip(whole.point, whole.volume, strict=True)} == expected


def test_a_missing_height_leaves_nobody_out_and_is_told_and_a_huge_volume_is_found() -> None:
    def kept(volume_id: str, **other: object) -> Volume:
        made = volume.checked(terms(volume_id, **other))
        return Volume(id=volume_id, site="36", terms=made, saved_at=NOW, saved_by="", saved_as=Role.ATC)

    low = HeightLimit(datum=AltitudeDatum.AGL, value_m=100.0)
    region = Footprint(ring=ring((90, 10), (140, 10), (140, 50), (90, 50)))
    index = VolumeIndex(
        [
            kept("agl", floor=low, ceiling=HeightLimit(datum=AltitudeDatum.AGL, value_m=300.0)),
            kept("region", footprint=region, ceiling=volume.UNLIMITED),
            kept("idle", permanent=False),
        ]
    )
    lon, lat, high = (
        np.array([115.5, 100.0, np.nan]),
        np.array([28.5, 20.0, 28.5]),
        np.array([5_000.0, np.nan, 1.0]),
    )
    found = index.inside(lon, lat, Heights.of_msl(high), NOW)
    told = {
        (int(p), index.ids[v], bool(u))
        for p, v, u in zip(found.point, found.volume, found.unsure, strict=True)
    }
    assert told == {(0, "agl", True), (0, "region", False), (1, "region", False)}
    index.update([], gone=["region"])
    assert len(index.inside(lon, lat, Heights.of_msl(high), NOW).point) == 1

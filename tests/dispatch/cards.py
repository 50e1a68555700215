"""Run cards for tests: one that can be bent, and applying it."""

from datetime import UTC, datetime

from dispatch.kinds import Capability, IncidentKind, ItemSort, NoticeTrigger, Role, TaskKind
from dispatch.records import Incident
from dispatch.resource_commands import SaveResource
from dispatch.run_card_commands import ApplyRunCard, TickCardItem
from dispatch.run_card_records import CardItem, RunCard, TaskWant
from tests.dispatch.scene import Scene

COUNTY = "360925"
WATER = TaskWant(kind=TaskKind.WATER)
RECON = TaskWant(kind=TaskKind.RECON, needs=(Capability.RECON,), stay_s=1800)
TOLD = CardItem(sort=ItemSort.NOTICE, text="省应急管理厅值班室", within_s=900)
LARGE = CardItem(
    sort=ItemSort.NOTICE, text="立即报告", within_s=0, trigger=NoticeTrigger.LARGE_AREA, threshold=1e6
)
DONE = CardItem(sort=ItemSort.CHECK, text="核实火场周边人员", within_s=120)


def card(id_: str = "RC-1", **other: object) -> RunCard:
    """A card for forest fires everywhere: water and a look."""
    values: dict[str, object] = {
        "id": id_,
        "site": "36",
        "name": f"预案 {id_}",
        "kind": IncidentKind.FOREST_FIRE,
        "tasks": (WATER, RECON),
        "items": (TOLD, LARGE, DONE),
        "radius_m": 5_000.0,
        "ceiling_m": 450.0,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "source": "test",
    }
    return RunCard(**{**values, **other})  # type: ignore[arg-type]  # test shorthand


def saved(scene: Scene, *cards: RunCard) -> None:
    """The duty chief keeps these cards."""
    for one in cards:
        present = scene.world.run_cards.get(one.id)
        seen = present.version if present is not None else 0
        scene.ask(Role.DUTY_CHIEF, SaveResource(resource=one, version_seen=seen))


def apply(scene: Scene, incident_id: str, card_id: str = "RC-1", **other: object) -> Incident:
    """The dispatcher applies a card at the version there is."""
    values: dict[str, object] = {"version_seen": scene.world.incidents[incident_id].version, "county": COUNTY}
    command = ApplyRunCard(incident_id=incident_id, card_id=card_id, **{**values, **other})  # type: ignore[arg-type]
    scene.ask(Role.DISPATCHER, command)
    return scene.world.incidents[incident_id]


def tick(scene: Scene, incident_id: str, key: str, *, done: bool = True, seen: int = 0) -> Incident:
    """The duty chief ticks a line."""
    command = TickCardItem(incident_id=incident_id, key=key, done=done, version_seen=seen)
    scene.ask(Role.DUTY_CHIEF, command)
    return scene.world.incidents[incident_id]

"""The world that the page is tested against: a handful of records and aircraft, changed by the server's own tables.

Wire messages only. What a browser does with them is the tests' affair; sockets and HTTP are site_double.py's.
"""

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dispatch import airspace_state, incident, tasking
from protocols.codec.track_states import NO_RATE, NOT_SAID, SIMULATED, STATE
from protocols.gen import client_pb2, kinds_pb2, records_pb2, tracks_pb2

SITE = "36"
JINGAN = (115.36, 28.86)
FIRE = (115.2212, 29.0624)
WATER = (115.29, 28.98)
OWN = 0x78F001
# By their place on the wire: the name and kind of each source.
SOURCES = (
    ("hill", "adsb"),
    ("trucks", "terminal"),
    ("field", "cot"),
    ("phone", "phone"),
    ("radar-025-007", "radar"),
    ("43", "partner"),
)
FEEDS: dict[str, dict[str, Any]] = {
    "hill": {
        "says": {"kind": "beast", "state": "connected", "transport": "tcp", "address": "127.0.0.1:30036"}
        | {"clock": "counter", "connections": 1, "tracks": 6, "simulated": True, "bytes": 48_000_000},
        "per_s": 120,
        "errors": {"CRC": 31, "UNVERIFIED": 402, "GARBAGE": 2},
    },
    "radar-025-007": {
        "says": {"kind": "asterix", "state": "connected", "transport": "udp", "address": "239.1.1.7:8600"}
        | {"clock": "utc", "connections": 1, "tracks": 4},
        "per_s": 2,
        "errors": {},
    },
    "trucks": {
        "says": {"kind": "jt808", "state": "listening", "transport": "tcp", "address": "0.0.0.0:8808"}
        | {"clock": "utc", "tracks": 0},
        "per_s": 0.5,
        "errors": {"MALFORMED": 4},
    },
    "phone": {
        "says": {"kind": "phone", "state": "connected", "transport": "https", "address": "/api/v1/positions"}
        | {"clock": "utc", "tracks": 2},
        "per_s": 0.4,
        "errors": {"TOO_MANY": 1},
    },
}


def now_us() -> int:
    return time.time_ns() // 1000


def position(place: tuple[float, float]) -> records_pb2.Position:
    return records_pb2.Position(lon_e7=round(place[0] * 1e7), lat_e7=round(place[1] * 1e7))


def step(role: str, actor: str, action: str, state: str, reason: str = "") -> records_pb2.Step:
    return records_pb2.Step(
        at_us=now_us(),
        actor=actor,
        role=kinds_pb2.Role.Value(f"ROLE_{role.upper()}"),
        action=action,
        state=state,
        reason=reason,
    )


class Stage:
    """Records by table and id, the number of the last change, and aircraft that fly straight on."""

    def __init__(self, aircraft: int) -> None:
        self.through = 1
        self.epoch = "epoch-1"
        self.tables: dict[str, dict[str, Any]] = {
            name: {}
            for name in (
                "incidents",
                "taskings",
                "requests",
                "aircraft",
                "bases",
                "water_points",
                "plans",
                "identities",
                "alert_handlings",
            )
        }
        self.flying = aircraft
        self.reporting = True
        self.going_on: dict[str, Any] = {}
        self.things: dict[int, dict[str, Any]] = {}  # by number: what the test put on the map beside
        self.silent_since = 0.0
        self.began = time.time() - 600
        self.silenced: dict[str, float] = {}
        self.feed_changes: dict[str, dict[str, Any]] = {}
        self.tick = 1
        self._open()

    def _open(self) -> None:
        at = now_us()
        minute = 60_000_000
        base = records_pb2.Base(
            id="JA", site=SITE, name="靖安机场", position=position(JINGAN), elevation_m=60
        )
        water = records_pb2.WaterPoint(id="W1", site=SITE, name="小湾水库", position=position(WATER))
        craft = records_pb2.Aircraft(
            id="B-70K3",
            site=SITE,
            name="赣鹰01",
            model="Ka-32",
            kind=kinds_pb2.AIRCRAFT_KIND_HELICOPTER,
            icao24=f"{OWN:06x}",
            operator_id="OP1",
            home_base_id="JA",
            at_base_id="JA",
            serviceable=True,
            simulated=True,
        )
        fire = records_pb2.Incident(
            id="36-INC-1",
            site=SITE,
            kind=kinds_pb2.INCIDENT_KIND_FOREST_FIRE,
            level=3,
            title="三爪仑林火",
            place="靖安县三爪仑乡",
            position=position(FIRE),
            elevation_m=420,
            reported_at_us=at - 3 * minute,
            reported_by="huliny",
            state=kinds_pb2.INCIDENT_STATE_REPORTED,
            demand_l=60_000,
            growth_lps=3,
            wind_mps=4,
            visibility_m=8000,
            version=1,
            history=[step("observer", "huliny", "report", "reported")],
        )
        task = records_pb2.Tasking(
            id="36-TSK-1",
            site=SITE,
            number="GY-1124-01",
            incident_id=fire.id,
            incident_title=fire.title,
            incident_position=fire.position,
            aircraft_id=craft.id,
            aircraft_icao24=craft.icao24,
            operator_id="OP1",
            base_id="JA",
            water_point_id="W1",
            take_off_at_us=at + 15 * minute,
            on_scene_at_us=at + 27 * minute,
            land_at_us=at + 90 * minute,
            drops=12,
            litres_per_drop=4000,
            state=kinds_pb2.TASKING_STATE_ORDERED,
            airspace_request_ids=["36-ASP-1"],
            timers=[
                records_pb2.Timer(
                    kind=kinds_pb2.TIMER_KIND_ANSWER, started_at_us=at, due_at_us=at + 2 * minute
                )
            ],
            sortie=1,
            version=2,
            history=[step("duty_chief", "zhiban", "order", "ordered")],
        )
        asked = records_pb2.AirspaceRequest(
            id="36-ASP-1",
            site=SITE,
            kind=kinds_pb2.AIRSPACE_KIND_PLAN,
            tasking_id=task.id,
            incident_id=fire.id,
            aircraft_id=craft.id,
            airspace=records_pb2.Airspace(
                centre=position(FIRE),
                radius_m=9260,
                corridor_from=position(JINGAN),
                corridor_half_width_m=2000,
                ceiling_m=1020,
                datum=kinds_pb2.ALTITUDE_DATUM_MSL,
                active_from_us=at,
                active_until_us=at + 150 * minute,
            ),
            filed_at_us=at,
            answer_due_at_us=at + 5 * minute,
            state=kinds_pb2.AIRSPACE_STATE_FILED,
            version=1,
            history=[step("duty_chief", "zhiban", "file", "filed")],
        )
        for table, record in (
            ("bases", base),
            ("water_points", water),
            ("aircraft", craft),
            ("incidents", fire),
            ("taskings", task),
            ("requests", asked),
        ):
            self.tables[table][record.id] = record

    def records(self, *, whole: bool, after: int = 0, only: Any = None, jump: int = 0) -> bytes:
        message = client_pb2.Records(after=after + jump, through=self.through, whole=whole)
        for table, kept in self.tables.items():
            for record in kept.values():
                if only is None or record is only:
                    getattr(message, table).append(record)
        return client_pb2.ServerMessage(records=message).SerializeToString()

    def act(
        self, kind: str, record_id: str, action: str, body: dict[str, Any], account: str, role: str
    ) -> Any:
        """Advance one record by the server's own table. Raises KeyError where the table has no such step."""
        table, machine, enum, prefix = {
            "incidents": ("incidents", incident.LIFECYCLE, kinds_pb2.IncidentState, "INCIDENT_STATE_"),
            "taskings": ("taskings", tasking.LIFECYCLE, kinds_pb2.TaskingState, "TASKING_STATE_"),
            "airspace": ("requests", airspace_state.LIFECYCLE, kinds_pb2.AirspaceState, "AIRSPACE_STATE_"),
        }[kind]
        record = self.tables[table][record_id]
        state = enum.Name(record.state).removeprefix(prefix).lower()
        steps = {(str(at), str(act)): str(to) for (at, act), to in machine.table.items()}
        following = steps[state, action]
        record.state = enum.Value(prefix + following.upper())
        record.version += 1
        record.history.append(step(role, account, action, following, body.get("reason", "")))
        if body.get("counter"):
            counter = body["counter"]
            record.counter.reason = counter["reason"]
            if "ceiling_m" in counter:
                record.counter.ceiling_m = counter["ceiling_m"]
            ends = datetime.fromisoformat(counter["expires_at"].replace("Z", "+00:00"))
            record.counter.expires_at_us = int(ends.astimezone(UTC).timestamp() * 1e6)
        self.through += 1
        return record

    def report(self, body: dict[str, Any], account: str, role: str) -> Any:
        record = records_pb2.Incident(
            id=f"36-INC-{len(self.tables['incidents']) + 1}",
            site=SITE,
            kind=kinds_pb2.IncidentKind.Value(f"INCIDENT_KIND_{body['kind'].upper()}"),
            level=body["level"],
            title=body["title"],
            place=body.get("place", ""),
            position=position((body["position"]["lon_deg"], body["position"]["lat_deg"])),
            reported_at_us=now_us(),
            reported_by=account,
            state=kinds_pb2.INCIDENT_STATE_REPORTED,
            version=1,
            history=[step(role, account, "report", "reported")],
        )
        self.tables["incidents"][record.id] = record
        self.through += 1
        return record

    def identify(self, identity_id: str, body: dict[str, Any], account: str, role: str) -> Any:
        """Save an identity. Raises ValueError naming who has a key already."""
        kept = self.tables["identities"]
        for other in kept.values():
            if other.id != identity_id and not other.retired and set(other.keys) & set(body["keys"]):
                raise ValueError(f"{other.id} {other.name}")
        old = kept.get(identity_id)
        record = records_pb2.Identity(
            id=identity_id or f"36-IDN-{len(kept) + 1}",
            site=SITE,
            name=body["name"],
            keys=body["keys"],
            apart=body["apart"],
            aircraft_id=body["aircraft_id"],
            note=body["note"],
            retired=body.get("retired", False),
            version=(old.version if old else 0) + 1,
            history=[*(old.history if old else ()), step(role, account, "save", "saved")],
        )
        if body["thing_kind"]:
            record.thing_kind = kinds_pb2.ThingKind.Value(f"THING_KIND_{body['thing_kind'].upper()}")
        kept[record.id] = record
        self.through += 1
        return record

    def handle(self, alert_id: str, action: str, body: dict[str, Any], account: str, role: str) -> Any:
        """Acknowledge or shelve an alarm, as the server does what it does not refuse."""
        desk = "atc" if role == "atc" else "dispatch"
        kept = self.tables["alert_handlings"]
        old = kept.get(f"{desk}/{alert_id}")
        record = records_pb2.AlertHandling(
            id=f"{desk}/{alert_id}",
            desk=kinds_pb2.AlertDesk.Value(f"ALERT_DESK_{desk.upper()}"),
            seen={
                "alert_id": alert_id,
                "severity": body["severity"],
                "code": body["code"],
                "said": body["said"],
            },
            version=(old.version if old else 0) + 1,
        )
        if action == "acknowledge":
            record.acknowledged_at_us, record.acknowledged_by = now_us(), account
        else:
            record.shelved_until_us = now_us() + body["minutes"] * 60_000_000
            record.shelved_by, record.shelf_reason = account, body["reason"]
        kept[record.id] = record
        self.through += 1
        return record

    def _state(self, number: int) -> bytes:
        """One of `things`; from `last_at` on nothing new is measured of it."""
        thing = self.things[number]
        row = np.zeros(1, STATE)
        row["number"] = number
        row["lon_e7"], row["lat_e7"] = round(thing["lon"] * 1e7), round(thing["lat"] * 1e7)
        row["age_ms"] = round((time.time() - thing.get("last_at", time.time())) * 1000)
        row["altitude_m"] = thing.get("altitude_m", np.nan)
        row["ground_speed_cmps"] = round(thing.get("speed_mps", 0) * 100)
        row["track_cdeg"], row["vertical_rate_cmps"] = 9000, NO_RATE
        row["accuracy_m"] = thing.get("accuracy_m", NOT_SAID)
        row["source"] = [name for name, _ in SOURCES].index(thing["source"])
        row["doubts"] = thing.get("doubts", 0)
        return row.tobytes()

    def tracks(self, *, whole: bool) -> bytes:
        """Everything that flies, 1 Hz; while `reporting` is off nothing new is measured and ages grow."""
        before = self.tick
        self.tick += 1
        silent = 0.0 if self.reporting else time.time() - self.silent_since
        clock = time.time() - silent
        rows = np.zeros(self.flying, STATE)
        place = np.arange(self.flying)
        rows["number"] = place + 1
        rows["lon_e7"] = np.rint((114.6 + (place % 20) * 0.15 + (clock % 600) * 0.0004) * 1e7)
        rows["lat_e7"] = np.rint((25.5 + (place // 20) * 0.4 + np.where(place == 0, 3.4, 0)) * 1e7)
        rows["age_ms"] = round(silent * 1000) + 200
        rows["altitude_m"] = np.where(place == 0, 600, 9000)
        rows["ground_speed_cmps"], rows["track_cdeg"], rows["vertical_rate_cmps"] = 4000, 9000, NO_RATE
        rows["accuracy_m"] = 30
        rows["bits"] = kinds_pb2.ALTITUDE_DATUM_PRESSURE | SIMULATED
        message = tracks_pb2.Tracks(
            from_tick=before,
            to_tick=self.tick,
            at_us=now_us(),
            whole=whole,
            states=rows.tobytes() + b"".join(map(self._state, self.things)),
        )
        for number, thing in self.things.items():
            label = message.labels.add(number=number, id=thing["id"], sources=1, **thing.get("label", {}))
            if "kind" in thing:
                label.kind = kinds_pb2.ThingKind.Value(f"THING_KIND_{thing['kind'].upper()}")
        if whole:
            for place, (name, kind) in enumerate(SOURCES):
                message.sources.add(
                    place=place, name=name, kind=kinds_pb2.SourceKind.Value(f"SOURCE_KIND_{kind.upper()}")
                )
            for i in range(self.flying):
                callsign = "GY01" if i == 0 else f"SIM{i:04d}"
                message.labels.add(number=i + 1, address=OWN + i, callsign=callsign, sources=1)
        return client_pb2.ServerMessage(tracks=message).SerializeToString()

    def cry(self, alert: dict[str, Any]) -> bytes:
        """An alert that begins, or one that is over."""
        made = tracks_pb2.Alert(began_at_us=now_us(), **alert)
        if made.over:
            self.going_on.pop(made.id, None)
        else:
            self.going_on[made.id] = made
        alerts = tracks_pb2.Alerts(alerts=[made])
        return client_pb2.ServerMessage(alerts=alerts).SerializeToString()

    def alerts(self) -> bytes:
        """All that go on."""
        alerts = tracks_pb2.Alerts(alerts=self.going_on.values(), whole=True)
        return client_pb2.ServerMessage(alerts=alerts).SerializeToString()

    def status(self) -> bytes:
        """How the sources do. `silenced` feeds keep their counts, and their last word grows old."""
        now = time.time()
        message = client_pb2.Status(at_us=now_us(), tracks=self.flying)
        for name, facts in FEEDS.items():
            feed = message.feeds.add(name=name, **facts["says"] | self.feed_changes.get(name, {}))
            silent_since = self.silenced.get(name)
            spoken_s = (silent_since or now) - self.began
            feed.messages = int(spoken_s * facts["per_s"])
            feed.valid = feed.positions = feed.messages
            feed.rate_per_s = 0 if silent_since and now - silent_since > 5 else facts["per_s"]
            feed.heard_age_ms = int(((now - silent_since) if silent_since else 0.2) * 1000)
            feed.errors = sum(facts["errors"].values())
            for code, count in facts["errors"].items():
                feed.errors_by_code.add(name=code, count=count)
            feed.messages_by_kind.add(name="DF17", count=feed.messages)
        for link in (
            client_pb2.LinkStatus(
                site="43", name="湖南", state="live", lag_ms=400, tracks=3, heard_age_ms=700
            ),
            client_pb2.LinkStatus(site="44", name="广东", state="down"),
        ):
            message.links.append(link)
        archive = message.services.add(name="archive", kind="archive", state="ok")
        archive.figures.add(name="backlog_rows", value=120)
        return client_pb2.ServerMessage(status=message).SerializeToString()

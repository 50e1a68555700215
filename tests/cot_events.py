"""CoT events for tests: the shared ones, made ones, and any at all."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from protocols.cot_event import Aircraft, App, CotEvent, Detail, Link

COT = Path(__file__).parent / "data" / "cot"
NOW = 1_795_000_000.0  # a moment of November 2026


def shared_events() -> list[dict[str, Any]]:
    """Sixteen events as TAK clients write them."""
    loaded: list[dict[str, Any]] = json.loads((COT / "cot_events.json").read_text())
    return loaded


def vector() -> dict[str, str]:
    """One event as XML and in both protobuf forms."""
    loaded: dict[str, str] = json.loads((COT / "tak_protocol_v1_vectors.json").read_text())
    return loaded


def phone(uid: str = "ANDROID-589520ccfcd20f01", **changes: Any) -> CotEvent:
    """What a phone with ATAK says of itself."""
    values: dict[str, Any] = {
        "uid": uid,
        "type": "a-f-G-U-C",
        "how": "m-g",
        "made_s": NOW,
        "start_s": NOW,
        "stale_s": NOW + 75.0,
        "lat_deg": 28.6841,
        "lon_deg": 115.9012,
        "hae_m": 31.5,
        "circular_error_m": 4.9,
        "detail": Detail(
            callsign="队员01",
            endpoint="*:-1:stcp",
            group="Cyan",
            role="Team Member",
            battery_percent=81,
            app=App(device="HUAWEI", platform="ATAK-CIV", os="30", version="5.1.0"),
            speed_mps=1.4,
            course_deg=271.0,
        ),
    }
    return CotEvent(**(values | changes))


# What XML can carry and TAK writes: no control characters, no blanks at the ends, attributes under their limit.
words = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Co", "Cn"), blacklist_characters="￾￿"), max_size=40
).map(str.strip)
some_words = words.filter(bool)
milliseconds = st.integers(-10_000_000_000, 200_000_000_000_000).map(lambda ms: ms / 1000)


def metres(low: float, high: float) -> st.SearchStrategy[float | None]:
    """Millimetres, or unknown."""
    return st.none() | st.integers(round(low * 1000), round(high * 1000)).map(lambda mm: mm / 1000)


def degrees(limit: int) -> st.SearchStrategy[float]:
    """Whole 1e-7 degrees."""
    return st.integers(-limit * 10_000_000, limit * 10_000_000).map(lambda e7: e7 / 10_000_000)


details = st.builds(
    Detail,
    callsign=words,
    endpoint=words,
    group=words,
    role=words,
    point_source=words,
    height_source=words,
    battery_percent=st.none() | st.integers(0, 100),
    app=st.none() | st.builds(App, device=words, platform=words, os=words, version=words),
    speed_mps=metres(0, 400),
    course_deg=metres(0, 360),
    remarks=words,
    links=st.lists(st.builds(Link, uid=some_words, type=words, relation=words), max_size=4).map(tuple),
    aircraft=st.none()
    | st.builds(Aircraft, icao24=some_words, registration=words, flight=words, squawk=words, category=words),
    emergency=words,
    colour=st.none() | st.integers(-(2**31), 2**31 - 1),
    icon=words,
    archive=st.booleans(),
    force_delete=st.booleans(),
    offers=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    asks=st.none() | st.integers(0, 3),
    grants=st.none() | st.booleans(),
)


def events(at: st.SearchStrategy[float] = milliseconds) -> st.SearchStrategy[CotEvent]:
    """Any event that can be written."""
    return st.builds(
        CotEvent,
        uid=some_words,
        type=some_words,
        how=words,
        made_s=at,
        start_s=at,
        stale_s=at,
        lat_deg=degrees(90),
        lon_deg=degrees(180),
        hae_m=metres(-500, 50_000),
        circular_error_m=metres(0, 5_000),
        linear_error_m=metres(0, 5_000),
        access=words,
        operation=words,
        detail=details,
    )

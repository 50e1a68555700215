"""What the map of a consultation shows at one moment, as the site tells it to the process that draws. Degrees WGS-84."""

import msgspec

Place = tuple[float, float]  # longitude, latitude
STEPS_KM = (
    12.0,
    20.0,
    35.0,
    60.0,
    100.0,
)  # half the height of the picture; few, so that the ground is drawn seldom


class Aircraft(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the air. `tasked`: to this incident; `freshness`: as dispatch/freshness.py says."""

    at: Place
    name: str
    track_deg: float | None = None
    altitude_m: float | None = None
    above: str = ""  # what the altitude is measured from
    speed_kmh: float | None = None
    age_s: float = 0.0
    freshness: str = "live"
    tasked: bool = False
    simulated: bool = False


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody drew. `hue`: of its site, 0 for ours; `whose`: a partner's province."""

    kind: str
    points: tuple[Place, ...]
    text: str = ""
    symbol: str = ""
    hue: int = 0
    whose: str = ""


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A base."""

    at: Place
    name: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything. `half_km`: one of STEPS_KM. `at`: Beijing time as it is read."""

    title: str
    site: str
    at: str
    incident: str
    sign: str  # one character for the kind of incident
    centre: Place
    half_km: float
    simulated: bool = False
    aircraft: tuple[Aircraft, ...] = ()
    marks: tuple[Mark, ...] = ()
    bases: tuple[Spot, ...] = ()
    more: int = 0  # aircraft in the picture that are not in the list


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One picture. `of`: whose encoder goes on; `first`: it begins anew."""

    of: str
    first: bool
    scene: Scene


encode = msgspec.json.encode
read_ask = msgspec.json.Decoder(Ask).decode

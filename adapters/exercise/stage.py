"""The demonstration's stage: its sites' files, their accounts, its exercise. Values only; cli/demo.py puts them up.

Two sites: Jiangxi, where the story happens, and a neighbour that is linked to it and sees what is shared.

Accounts for people have random passwords that are printed on the terminal and shown by the page's guide, on loopback
only. Accounts for scripts are marked scripted; their passwords are told to the exercise's process and nobody else.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import adapters.data
from adapters.exercise.settings import Address, Alarm, Phones, Recording, Seat, Settings
from dispatch.flown import BEIJING
from dispatch.kinds import DutyPost, IncidentKind, Role
from dispatch.staff_records import DutyShift
from protocols.json_doors import IncidentReport, PositionBody

DATA = Path(adapters.data.__file__).parent
JIANGXI = DATA / "jiangxi"
RECORDING = DATA / "recordings" / "ulss7_61s.beast"

SITE = "36"
SITE_NAME = "江西省航空救援指挥调度中心"
NEIGHBOUR = "43"
NEIGHBOUR_NAME = "湖南省应急救援航空中心"
AGREEMENT = "演练协议-2026"  # a link names the agreement it rests on; this one is for drills
SIMULATED_PREFIX = "78f"  # adapters/data/jiangxi/ORIGIN.md
OPERATORS = ("OP1", "OP2")  # adapters/data/jiangxi/operators.csv
PEOPLES_OPERATOR = "OP1"  # the newcomer's; the other's crew has no page open and accepts by text
ALARM_AFTER_S = 4.0
PHONES = {"OP1": "13900000001", "OP2": "13900000002"}  # invented; they ring in the simulated gateway alone
SMS_SECRET = "sms.secret"  # noqa: S105  # a file's name
PATIENCE = 2.5  # ATC's script answers after 20 s, crews take their steps after some 10 s each
# To be typed on a phone: no letters that look alike. 12 of 30 are 58 random bits, good for one demonstration.
TYPEABLE = "abcdefghjkmnpqrstuvwxyz2345678"
TYPED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One account of the demonstration."""

    account: str
    display_name: str
    role: Role
    password: str
    operator_id: str = ""
    scripted: bool = False
    phone: str = ""
    phone_gateway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Sockets of the demonstration, all on loopback."""

    http: int
    simulated: int
    recorded: int
    link: int
    neighbour: int
    phones: int


def people() -> tuple[Part, ...]:
    """The newcomer's accounts, in the order of the story."""
    return (
        _part("diaodu", "调度员", Role.DISPATCHER),
        _part("zhiban", "值班长", Role.DUTY_CHIEF),
        replace(
            _part("tonghang", "赣翔通航（演练）", Role.OPERATOR, operator_id=PEOPLES_OPERATOR),
            phone=PHONES[PEOPLES_OPERATOR],
        ),
        _part("kongguan", "空管席", Role.ATC),
        _part("jidi", "靖安驻防站", Role.BASE),
        _part("guancha", "飞行观察员", Role.OBSERVER),
        _part("anquan", "安全管理员", Role.SECADMIN),
    )


DAY_SHIFT = ((DutyPost.CHIEF, "zhiban"), (DutyPost.DISPATCHER, "diaodu"), (DutyPost.BASE_DESK, "jidi"))


def roster(site: str, now: datetime) -> tuple[DutyShift, ...]:
    """Today's and tomorrow's duty of the newcomer's own parts, 08:00 to 08:00 in Beijing; the base is the first one."""
    today = (now + BEIJING).replace(hour=8, minute=0, second=0, microsecond=0) - BEIJING
    if today > now:
        today -= timedelta(days=1)
    return tuple(
        DutyShift(
            id=f"{day + BEIJING:%Y%m%d}-{post}-{account}",
            site=site,
            name="全日班",
            post=post,
            account=account,
            base_id="JX-JA" if post is DutyPost.BASE_DESK else "",
            begins_at=day,
            ends_at=day + timedelta(days=1),
            source="演练",
        )
        for day in (today, today + timedelta(days=1))
        for post, account in DAY_SHIFT
    )


def scripts(*, everyone: bool) -> tuple[Part, ...]:
    """The scripted accounts; dispatcher and duty chief only where everything runs by itself."""
    crews = tuple(
        replace(
            _part(
                f"script-crew-{operator.lower()}",
                f"机组（脚本 {operator}）",
                Role.OPERATOR,
                operator_id=operator,
            ),
            phone="" if operator == PEOPLES_OPERATOR else PHONES[operator],
        )
        for operator in OPERATORS
    )
    desk = (
        _part("script-dispatcher", "调度员（脚本）", Role.DISPATCHER),
        _part("script-duty-chief", "值班长（脚本）", Role.DUTY_CHIEF),
    )
    found = (
        _part("script-atc", "空管席（脚本）", Role.ATC),
        _part("script-base", "驻防站（脚本）", Role.BASE),
        _part("script-observer", "护林观察（脚本）", Role.OBSERVER),
        replace(_part("script-phones", "短信网关（模拟）", Role.GATEWAY), phone_gateway=True),
        *crews,
        *(desk if everyone else ()),
    )
    return tuple(_marked(part) for part in found)


def _part(account: str, display_name: str, role: Role, *, operator_id: str = "") -> Part:
    return Part(
        account=account,
        display_name=display_name,
        role=role,
        password="".join(secrets.choice(TYPEABLE) for _ in range(TYPED)),
        operator_id=operator_id,
    )


def _marked(part: Part) -> Part:
    return replace(part, scripted=True)


def neighbours() -> tuple[Part, ...]:
    """Accounts at the neighbour's site."""
    return (_part("linsheng", "湖南调度员", Role.DISPATCHER),)


def site_file(ports: Ports, *, linked: bool) -> str:
    """site.toml of the site where the story happens."""
    return (
        _head(SITE, SITE_NAME, ports.http)
        + f"""
[[feed]]
name = "hill"
kind = "beast"
listen = "127.0.0.1:{ports.simulated}"
simulated_prefixes = ["{SIMULATED_PREFIX}"]

[[feed]]
name = "ulss7"
kind = "beast"
listen = "127.0.0.1:{ports.recorded}"

[sms]
url = "http://127.0.0.1:{ports.phones}/send"
secret = "{SMS_SECRET}"
"""
        + (_federation(SITE, f"127.0.0.1:{ports.link}") + _partner(NEIGHBOUR, "湖南省", "") if linked else "")
    )


def neighbour_file(ports: Ports) -> str:
    """site.toml of the neighbour, which dials."""
    url = f"wss://127.0.0.1:{ports.link}/link"
    return (
        _head(NEIGHBOUR, NEIGHBOUR_NAME, ports.neighbour)
        + _federation(NEIGHBOUR, "")
        + _partner(SITE, "江西省", url)
    )


def _head(site: str, name: str, port: int) -> str:
    return f"""\
# Written by `ganying demo`; loopback only.
[site]
id = "{site}"
name = "{name}"
data = "data"

[http]
listen = "127.0.0.1:{port}"

[security]
second_factor = "off"

[planner]
assume_daylight = true

[demonstration]
enabled = true
guide = "guide.json"
"""


def _federation(site: str, listen: str) -> str:
    return f"""
[federation]
listen = "{listen}"
certificate = "../ca/{site}.crt"
key = "../ca/{site}.key"
ca = "../ca/ca.crt"
"""


def _partner(site: str, name: str, url: str) -> str:
    return f"""
[[partner]]
site = "{site}"
name = "{name}"
url = "{url}"
agreement = "{AGREEMENT}"
"""


def guide(parts: tuple[Part, ...]) -> dict[str, object]:
    """What the page's guide shows."""
    return {
        "accounts": [
            {
                "account": part.account,
                "password": part.password,
                "role": part.role.value,
                "display_name": part.display_name,
            }
            for part in parts
            if not part.scripted
        ]
    }


def alarm() -> Alarm:
    """A forest fire above 三爪仑, reported and not yet verified."""
    return Alarm(
        after_s=ALARM_AFTER_S,
        report=IncidentReport(
            kind=IncidentKind.FOREST_FIRE,
            level=3,
            title="三爪仑林场火情（演练）",
            place="宜春市靖安县三爪仑乡",
            position=PositionBody(lon_deg=115.2212, lat_deg=29.0624),  # GeoNames: 三爪仑乡
            elevation_m=420.0,
            demand_l=12_000.0,
            growth_lps=0.3,
            note="护林员电话报告：山脊可见浓烟，有明火，附近无居民点。待核实。",
            simulated=True,
        ),
    )


def settings(
    ports: Ports,
    parts: tuple[Part, ...],
    *,
    everyone: bool,
    time_factor: float,
    max_drops: int,
    partner: str,
    sms_secret: str,
) -> Settings:
    """What the exercise's process is told."""
    return Settings(
        url=f"http://127.0.0.1:{ports.http}",
        feed=Address(host="127.0.0.1", port=ports.simulated),
        recording=Recording(path=str(RECORDING), feed=Address(host="127.0.0.1", port=ports.recorded)),
        seats=tuple(
            Seat(account=p.account, password=p.password, role=p.role, operator_id=p.operator_id)
            for p in parts
            if p.scripted
        ),
        alarm=alarm(),
        everyone=everyone,
        time_factor=time_factor,
        max_drops=max_drops,
        patience=1.0 if everyone else PATIENCE,
        partner=partner,
        phones=Phones(
            listen=Address(host="127.0.0.1", port=ports.phones),
            secret=sms_secret,
            answering=() if everyone else tuple(part.phone for part in parts if part.scripted and part.phone),
            when_urged=tuple(part.phone for part in parts if not part.scripted and part.phone),
        ),
    )

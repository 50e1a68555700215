"""The story's stage: a real site, its places, its people, its telephone gateway, one helicopter's transponder.

Only the security administrator, the telephone gateway's account and the shipped resources come from the command line;
every other account is made through the doors by the security administrator, with a one-time password that its owner
changes. All of it is a drill: the warning says Exercise, and so the incident, its taskings and papers do.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtests.story_book import Person, Phone
from loadtests.story_flight import Helicopter, Spot
from tests.gateway import SECRET, Handset
from tests.journeys.running import PASSWORD, RunningSite
from tests.ports import free_port

OWN = "Ganjiang-Shui-2026"  # what everybody changes the one-time password to
CAPTAIN_PHONE = "13900002121"  # of the second company's captain, who has no page open
CRAFT, CRAFT_ICAO = "B-70G1", "78f001"  # 赣鹰01, Ka-32 of OP1 at JX-JA
TEXTED, CAPTAIN = "B-70G4", "C-041"  # 赣鹰04, AC313 of OP2 at JX-YH, and who flies it
BASE = Spot(115.36, 28.86, 60.0)
# The fire's ground is what the site takes where nobody has stated it (dispatch/incident.py).
FAR = (Spot(115.300, 28.925, 300.0), Spot(115.325, 28.935, 90.0))  # fire 9 km off, water 2.7 km from it
NEAR = (Spot(115.342, 28.880, 300.0), Spot(115.350, 28.892, 70.0))  # of the short story: 2.8 km
PEOPLE = (  # account, name, role, operator
    ("diaodu", "王调度", "dispatcher", ""),
    ("yeban", "李调度", "dispatcher", ""),
    ("zhiban", "赵值班", "duty_chief", ""),
    ("jizhang", "赣翔机长席", "operator", "OP1"),
    ("feixing", "江西直升机席", "operator", "OP2"),
    ("jidi", "靖安驻防站", "base", ""),
    ("guancha", "钱观察", "observer", ""),
    ("kongguan", "空管席", "atc", ""),
    ("linsheng", "邻省席", "partner", ""),
    ("shenji", "孙审计", "auditor", ""),
    ("xitong", "周系统", "sysadmin", ""),
    ("yujing", "预警平台", "gateway", ""),
    ("jiejing", "119 接警平台", "gateway", ""),
)
ALARMS = {"yujing": ["cap"], "jiejing": ["public_report"]}
CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>36-JA-{name}</identifier><sender>yj@jx.gov.cn</sender>
<sent>{at}</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope><info><language>zh-CN</language>
<category>Fire</category><event>森林火灾</event><urgency>Immediate</urgency><severity>Moderate</severity>
<certainty>Observed</certainty><headline>三爪仑林场火情（演练）</headline>
<area><areaDesc>宜春市靖安县三爪仑乡</areaDesc><circle>{lat:.5f},{lon:.5f} 0.5</circle></area></info></alert>"""


@dataclass
class Stage:
    """Everything that acts. `short`: the fire is near, so that little time goes by in the air."""

    site: RunningSite
    phones: Handset
    port: int
    short: bool
    people: dict[str, Person] = field(default_factory=dict)
    craft: Helicopter = field(init=False)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.fire, self.water = NEAR if self.short else FAR
        self.craft = Helicopter(
            port=self.port,
            icao24=CRAFT_ICAO,
            callsign="GY01",
            base=BASE,
            water=self.water,
            scene=self.fire,
            drops=1 if self.short else 2,
            near_pace=2.0 if self.short else 1.0,
        )

    def __getattr__(self, account: str) -> Any:
        """A person by the account."""
        try:
            return self.__dict__["people"][account]
        except KeyError:
            raise AttributeError(account) from None

    def cap(self) -> bytes:
        """The warning as the platform sends it."""
        now = datetime.now(UTC)
        at = now.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        return CAP.format(name=f"{now:%H%M%S}", at=at, lat=self.fire.lat_deg, lon=self.fire.lon_deg).encode()

    def restart(self) -> None:
        """kill -9, and up again on what the disk has."""
        self.site.kill()
        self.site.start()

    def close(self) -> None:
        """All of it down."""
        self.craft.switch_off()
        if self.site.process is not None and self.site.process.poll() is None:
            self.site.stop()
        self.phones.close()


def set_up(folder: Path, *, short: bool) -> Stage:
    """A site with resources and two accounts, running; everybody else is made by the first chapter."""
    phones, port = Handset(), free_port()
    more = (
        f'[sms]\nurl = "{phones.url}"\nsecret = "sms.secret"\nwait_s = 1.0\n'
        "[demonstration]\nenabled = true\n[planner]\nseconds = 2.0\nassume_daylight = true\n"  # at any hour
    )
    feed = (
        f'[[feed]]\nname = "hill"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        'simulated_prefixes = ["78f"]\n'
    )
    site = RunningSite(folder / "36", more=more, feed=feed)
    (site.folder / "sms.secret").write_bytes(SECRET)
    secret = ("--password-file", str(site.folder / "password"))
    site.command("account", "add", "anquan", "--display-name", "吴安全", "--role", "secadmin", *secret)
    site.command("account", "add", "duanxin", "--role", "gateway", "--phone-gateway", *secret)
    site.command("resources", "load-jiangxi")
    site.start()
    stage = Stage(site=site, phones=phones, port=port, short=short)
    for account, role, name in (("anquan", "secadmin", "吴安全"), ("duanxin", "gateway", "短信网关")):
        person = Person(site, account, role, name)
        person.sign_in(PASSWORD)
        stage.people[account] = person
    return stage


def person_of(stage: Stage, account: str, name: str, role: str) -> Person:
    """Somebody who is about to sign in; the first company's captain with a phone that signs."""
    kind = Phone if account == "jizhang" else Person
    return kind(stage.site, account, role, name)

"""Which rows of the journal belong to which incident, and the rows themselves when they are asked for.

The journal is read once through, and then only what is new. What stays in memory is the present world, and of every
incident the numbers of its rows: the facts are fetched again for the one whose papers are asked for.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from adapters.papers.logbook import Logbook
from adapters.store.clerk import read
from adapters.store.journal import AT_ONCE, LOAD_BATCH_ROWS, Store
from dispatch import (
    account_facts,
    aid_facts,
    airspace_facts,
    alert_facts,
    callout_facts,
    clearance_facts,
    closure_facts,
    conference_facts,
    device_facts,
    drop_facts,
    duty_facts,
    hazard_facts,
    incident_facts,
    resource_facts,
    room_facts,
    run_card_facts,
    search_facts,
    staff_facts,
    tasking_facts,
    traffic_area_facts,
    volume_facts,
    weather_facts,
)
from dispatch.alert_records import AlertTally
from dispatch.errors import Malformed
from dispatch.facts import Fact, Recorded
from dispatch.papers import (
    handover_record,
    log_aid,
    log_conference,
    log_consents,
    log_enrol,
    log_uplinks,
    log_video,
    log_video_share,
)
from dispatch.papers.case import Case, fold_case, hears, incident_of
from dispatch.papers.chain import Paper, papers
from dispatch.papers.handover_record import HandoverPaper
from dispatch.world import World

OF_THINGS = (
    resource_facts.AircraftSaved,
    resource_facts.BaseSaved,
    resource_facts.WaterPointSaved,
    resource_facts.HospitalSaved,
    resource_facts.ObstacleSaved,
    resource_facts.LandingSiteSaved,
    staff_facts.OperatorSaved,
    staff_facts.ContractSaved,
    staff_facts.CrewMemberSaved,
    staff_facts.DutyRuleSaved,
    account_facts.AccountSaved,
    closure_facts.ClosureDeclared,
    closure_facts.ClosureAmended,
    closure_facts.ClosureLifted,
)
OF_CASES = (
    incident_facts.IncidentReported,
    incident_facts.IncidentAdvanced,
    incident_facts.IncidentUpdated,
    incident_facts.IncidentCorrected,
    incident_facts.AlarmsJoined,
    incident_facts.IncidentVerified,
    run_card_facts.RunCardApplied,
    run_card_facts.CardItemTicked,
    run_card_facts.CardClockEscalated,
    incident_facts.IncidentShared,
    tasking_facts.TaskingAdopted,
    tasking_facts.TaskingAdvanced,
    tasking_facts.TaskingAmended,
    tasking_facts.TimerEscalated,
    drop_facts.WaterRecorded,
    drop_facts.WaterCorrected,
    drop_facts.HoursSigned,
    airspace_facts.AirspaceFiled,
    airspace_facts.AirspaceAdvanced,
    traffic_area_facts.TrafficAreaMade,
    traffic_area_facts.TrafficAreaAmended,
    traffic_area_facts.TrafficAreaWithdrawn,
    traffic_area_facts.IntrusionRecorded,
    traffic_area_facts.IntrusionCleared,
    clearance_facts.AirspacePhoned,
    clearance_facts.AirspaceQuestioned,
    clearance_facts.AirspaceAnswered,
    conference_facts.ConferencePullBegan,
    conference_facts.ConferencePullEnded,
)  # and messages to the field, rooms and conference calls, which the book has too
OF_HANDOVERS = (
    duty_facts.HandoverOpened,
    duty_facts.HandoverSigned,
    duty_facts.HandoverItemsRead,
    duty_facts.HandoverTaken,
    duty_facts.HandoverWithdrawn,
    duty_facts.HandoverEscalated,
)
OF_THE_BOOK = (
    tasking_facts.PlanAdopted,
    duty_facts.DutyShiftSaved,
    drop_facts.TrackEventsRejected,
    duty_facts.HandoverMissed,
    search_facts.SearchDrawn,
    search_facts.SearchAmended,
    search_facts.SearchWithdrawn,
    *log_aid.LINES,
    *log_uplinks.LINES,
    *log_video.LINES,
    *log_video_share.LINES,
    *log_conference.LINES,
    *log_consents.LINES,
    *log_enrol.LINES,
    weather_facts.WeatherEntered,
    weather_facts.MinimumSaved,
    weather_facts.MinimaOverridden,
    hazard_facts.HazardTaken,
    hazard_facts.HazardEnded,
    volume_facts.VolumesImported,
    volume_facts.VolumeSaved,
    volume_facts.VolumeWithdrawn,
    duty_facts.NoteAdded,
    alert_facts.AlertAcknowledged,
    alert_facts.AlertShelved,
    alert_facts.AlertUnshelved,
    alert_facts.NetInhibited,
    alert_facts.InhibitionLifted,
    alert_facts.AlertsLatched,
    alert_facts.AlertsCounted,
    clearance_facts.ClearanceRuleSaved,
    aid_facts.AidRuleSaved,
    staff_facts.EquipmentSaved,
    run_card_facts.RunCardSaved,
    resource_facts.LandingSiteSaved,
    callout_facts.CalloutQueued,
    callout_facts.CalloutAdvanced,
    callout_facts.CalloutPhoned,
    callout_facts.CalloutReplied,
    device_facts.DeviceEnrolled,
    device_facts.DeviceRevoked,
    resource_facts.IdentitySaved,
    account_facts.SessionsEnded,
    account_facts.SignInLocked,
    account_facts.SignInUnlocked,
    *get_args(room_facts.RoomFact),
)  # and all of the others
KINDS = tuple(fact.__name__ for fact in (*OF_THINGS, *OF_CASES, *OF_HANDOVERS, *OF_THE_BOOK))
KEPT_PAPERS = 64  # incidents whose papers are kept; the oldest asked for goes first


class Ledger:
    """One site's journal, as its papers need it."""

    def __init__(self, store: Store, site: str) -> None:
        self._store = store
        self._site = site
        self.through = 0
        self.undecodable = 0
        self.book = Logbook()
        self.tallies: list[AlertTally] = []  # one an hour
        self._of_handover: dict[str, list[int]] = {}
        self._papers_of_handover: dict[str, tuple[int, tuple[HandoverPaper, ...]]] = {}
        self.case = Case.empty(site, "")  # of everything at once: its world, and what was ordered
        self._rows: dict[str, list[int]] = {}  # incident -> its rows
        self._of_thing: dict[tuple[str, str], list[int]] = {}  # thing -> rows that saved it
        self._papers: dict[
            str, tuple[int, tuple[Paper, ...]]
        ] = {}  # incident -> its last row then, its papers

    @property
    def world(self) -> World:
        """The world as of row `through`, without plans and sessions."""
        return self.case.world

    def catch_up(self) -> None:
        """Read what is new. Raises StoreError."""
        last = self._store.last_seq()
        while self.through < last:
            batch = self._store.sealed_of(KINDS, self.through, last, LOAD_BATCH_ROWS)
            for recorded in self._decoded(batch):
                self.case = fold_case(self.case, recorded)
                self._note(recorded)
                self.book.add(self.world, recorded)
            self.through = batch[-1].row.seq if len(batch) == LOAD_BATCH_ROWS else last

    def _decoded(self, batch: Iterable[object]) -> Iterable[Recorded]:
        for sealed in batch:
            try:
                recorded = read(sealed)  # type: ignore[arg-type]  # rows of the store
            except Malformed:
                self.undecodable += 1  # of a newer version's partner; kept, and no part of our papers
                continue
            if recorded is not None:
                yield recorded

    def handover_papers(self, handover_id: str) -> tuple[HandoverPaper, ...]:
        """Every revision of a handover's record. Raises StoreError."""
        rows = self._of_handover.get(handover_id, [])
        kept = self._papers_of_handover.pop(handover_id, None)
        if kept is None or kept[0] != len(rows):
            found = self._with_saves(self._fetch(rows))
            kept = (len(rows), handover_record.papers(self._site, handover_id, found))
        self._papers_of_handover[handover_id] = kept
        if len(self._papers_of_handover) > KEPT_PAPERS:
            self._papers_of_handover.pop(next(iter(self._papers_of_handover)))
        return kept[1]

    def _with_saves(self, own: list[Recorded]) -> list[Recorded]:
        """The rows and, of everybody who acted in them, the account as it was then."""
        wanted = set()
        for recorded in own:
            saves = self._of_thing.get(("accounts", recorded.actor), [])
            place = bisect_right(saves, recorded.seq)
            if place:
                wanted.add(saves[place - 1])
        return sorted((*own, *self._fetch(sorted(wanted))), key=lambda recorded: recorded.seq)

    def _note(self, recorded: Recorded) -> None:
        if isinstance(recorded.fact, alert_facts.AlertsCounted):
            self.tallies.append(recorded.fact.tally)
        if isinstance(recorded.fact, OF_HANDOVERS):
            of = recorded.fact
            handover_id = of.handover.id if isinstance(of, duty_facts.HandoverOpened) else of.handover_id
            self._of_handover.setdefault(handover_id, []).append(recorded.seq)
        thing = _thing(recorded.fact)
        if thing is not None:
            self._of_thing.setdefault(thing, []).append(recorded.seq)
        if isinstance(recorded.fact, incident_facts.AlarmsJoined) and not hears(self.world, recorded.fact):
            return  # a monitor repeats itself every few seconds, and a verified alarm's record is closed
        incident_id = incident_of(self.world, recorded.fact)
        if incident_id:
            self._rows.setdefault(incident_id, []).append(recorded.seq)

    def papers(self, incident_id: str) -> tuple[Paper, ...]:
        """Every revision of an incident's papers. Raises StoreError."""
        rows = self._rows.get(incident_id, [])
        kept = self._papers.pop(incident_id, None)
        if kept is None or kept[0] != (rows[-1] if rows else 0):
            kept = (rows[-1] if rows else 0, papers(self._site, incident_id, self._facts(incident_id, rows)))
        self._papers[incident_id] = kept
        if len(self._papers) > KEPT_PAPERS:
            self._papers.pop(next(iter(self._papers)))
        return kept[1]

    def _facts(self, incident_id: str, rows: list[int]) -> list[Recorded]:
        """The incident's rows, and of each thing named in them the save that was in force at each."""
        own = self._fetch(rows)
        case = replace(self.case, incident_id=incident_id)
        things = {("accounts", recorded.actor) for recorded in own}
        for tasking in case.taskings():
            things |= {
                ("aircraft", tasking.aircraft_id),
                ("bases", tasking.base_id),
                ("water_points", tasking.water_point_id),
                ("hospitals", tasking.hospital_id),
                ("landing_sites", tasking.landing_site_id),
                ("operators", tasking.operator_id),
            }
            things |= {("crew", member_id) for member_id in tasking.crew_ids}
            things |= {
                ("contracts", contract.id)
                for contract in self.world.contracts.values()
                if contract.operator_id == tasking.operator_id
            }
        wanted: set[int] = set()
        for thing in things:
            saves = self._of_thing.get(thing, [])
            for seq in rows if saves else ():
                place = bisect_right(saves, seq)
                if place:
                    wanted.add(saves[place - 1])
        return sorted((*own, *self._fetch(sorted(wanted))), key=lambda recorded: recorded.seq)

    def _fetch(self, seqs: list[int]) -> list[Recorded]:
        found: list[Recorded] = []
        for begin in range(0, len(seqs), AT_ONCE):
            found += self._decoded(self._store.sealed_at(seqs[begin : begin + AT_ONCE]))
        return found


def _thing(fact: Fact) -> tuple[str, str] | None:
    """Which thing a fact saves, by table and id."""
    match fact:
        case resource_facts.AircraftSaved():
            return "aircraft", fact.aircraft.id
        case resource_facts.BaseSaved():
            return "bases", fact.base.id
        case resource_facts.WaterPointSaved():
            return "water_points", fact.water_point.id
        case resource_facts.HospitalSaved():
            return "hospitals", fact.hospital.id
        case resource_facts.ObstacleSaved():
            return "obstacles", fact.obstacle.id
        case resource_facts.LandingSiteSaved():
            return "landing_sites", fact.landing_site.id
        case staff_facts.OperatorSaved():
            return "operators", fact.operator.id
        case staff_facts.ContractSaved():
            return "contracts", fact.contract.id
        case staff_facts.CrewMemberSaved():
            return "crew", fact.crew_member.id
        case account_facts.AccountSaved():
            return "accounts", fact.account.name
        case _:
            return None

"""A plan: one timeline of legs per aircraft, as frozen values and as the JSON object of the format."""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.errors import Malformed
from optimizer.legs import Leg
from optimizer.plan_json import LegReader, leg_json
from optimizer.problem import Problem
from optimizer.reading import Fields, shown
from optimizer.unused import unused
from optimizer.versions import VERSIONS, version_of

SOLVER = "ganying"
_PREVIOUS_TOP = "schema_version scenario_id solver created_at bound aircraft explanations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Legs per aircraft index, in their order; an aircraft without an entry stays where it stands."""

    timelines: Mapping[int, tuple[Leg, ...]]

    def to_json(self, problem: Problem) -> dict[str, object]:
        """The plan in the scenario's format version."""
        row: dict[str, object] = {
            "schema_version": problem.schema_version,
            "scenario_id": problem.id,
            "solver": SOLVER,
            "aircraft": [
                {
                    "aircraft_id": problem.aircraft[aircraft].id,
                    "legs": [leg_json(problem, leg) for leg in self.timelines[aircraft]],
                }
                for aircraft in sorted(self.timelines)
            ],
        }
        if VERSIONS[problem.schema_version].plan:
            row["unused"] = [
                {"aircraft_id": problem.aircraft[aircraft].id, "code": code}
                for aircraft, code in unused(problem, self.timelines)
            ]
        return row


def read_plan(problem: Problem, plan: Mapping[str, object]) -> Plan:
    """An earlier plan, read for this problem: it may be of an earlier scenario, so aircraft and legs that name
    what is gone are left out. Raises Malformed, which names the field, for what is not a plan."""
    version = version_of(plan)
    top = Fields(plan, "", f"{_PREVIOUS_TOP} {version.plan}")
    top.text("schema_version", VERSIONS)
    known = {row.id: n for n, row in enumerate(problem.aircraft)}
    reader = LegReader.of(problem, turns=version.turns)
    timelines: dict[int, tuple[Leg, ...]] = {}
    for row in top.children("aircraft", "aircraft_id legs"):
        name, legs = row.text("aircraft_id"), row.items("legs")
        if name not in known:
            continue
        if known[name] in timelines:
            raise Malformed(row.at("aircraft_id"), f"{shown(name)} is listed twice")
        kept = []
        for n, leg in enumerate(legs):
            try:
                kept.append(reader.read(leg, row.at(f"legs[{n}]")))
            except Malformed as error:
                if "is not in the scenario" not in error.detail:
                    raise
        timelines[known[name]] = tuple(kept)
    return Plan(timelines=timelines)

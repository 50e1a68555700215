"""What `ganying plan --reasons` prints: the reasons of a plan for people, from the codes and figures of `--explain`.

Three parts: each assignment with its runner-up and the difference, each aircraft without work with the rule that keeps
it away or what its best use would cost, and what is full with the worth of one place more. The words: `plan_words.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.cli.plan_words import CODES, PHRASES, ROOM, TERMS, Language, said

Row = Mapping[str, Any]
_LEAST_TOLD = 0.05  # of a figure: less is shown as nothing
_NAMED = ("bases", "water_points", "hospitals", "incidents")


def reasons_text(scenario: Row, answer: Row, language: Language) -> str:
    """`answer` is what `optimizer.answer.answer` gives for the scenario; things it does not have go by their ids."""
    return "\n".join(_Telling(scenario, answer, language).lines()) + "\n"


class _Telling:
    """One plan's reasons in one language."""

    def __init__(self, scenario: Row, answer: Row, language: Language) -> None:
        self._scenario, self._answer, self._language = scenario, answer, language
        self._why: Row = answer["explanation"]
        self._names = {row["id"]: row.get("name") or "" for key in _NAMED for row in scenario.get(key, ())}
        self._names |= {row["id"]: row.get("model") or "" for row in scenario.get("aircraft", ())}

    def lines(self) -> Iterator[str]:
        """All of it."""
        answer = self._answer
        title = self._say(
            "title",
            id=scenario_id(self._scenario),
            score=answer["score"]["score"],
            human=answer["human_score"],
        )
        bound = answer["bound"]
        yield title + ("" if bound is None else self._say("bound", bound=bound))
        broken = answer["violations"]
        if broken:
            yield from self._part("broken", [self._broken(row) for row in broken])
            yield self._say("illegal")
        else:
            yield self._say("signs")
        yield from self._part("assignments", list(self._assignments()))
        yield from self._part("unused", list(self._unused()))
        if not broken:
            yield from self._part("short", [self._short(row) for row in self._why["short"]])
            if not self._why["complete"]:
                yield self._say("partial")

    def _part(self, key: str, rows: list[str]) -> Iterator[str]:
        yield ""
        yield self._say(key, count=len(rows))
        yield from (f"- {row}" for row in rows or [self._say("none")])

    def _say(self, key: str, *values: object, **named: object) -> str:
        return said(PHRASES, key, self._language).format(*values, **named)

    def _code(self, code: str) -> str:
        return said(CODES, code, self._language)

    def _called(self, thing_id: str) -> str:
        name = "".join(char if char.isprintable() else " " for char in str(self._names.get(thing_id, "")))
        return f"{thing_id} {name}".strip()

    def _worth(self, row: Row) -> str:
        """The difference in score, and its terms in brackets."""
        difference = row.get("difference", 0.0)
        if abs(difference) < _LEAST_TOLD:
            return self._say("no_difference")
        terms = [
            said(TERMS, name, self._language).format(value)
            for name, value in row.get("terms", {}).items()
            if abs(value) >= _LEAST_TOLD
        ]
        told = self._say("brackets", self._say("comma").join(terms)) if terms else ""
        return self._say("score_by", difference) + told

    def _broken(self, row: Row) -> str:
        who = "" if row["aircraft_id"] is None else self._called(row["aircraft_id"]) + self._say("colon")
        return f"{who}{self._code(row['code'])} [{row['code']}] {row['detail']}"

    def _assignments(self) -> Iterator[str]:
        """Those of the plan as it stands, the most urgent incident first. A row of a pair that a better plan dropped
        meanwhile is not told, nor what was measured of an assignment that was replaced."""
        measured = {(row["aircraft_id"], row["incident_id"]): row for row in self._why["assignments"]}
        order = list(dict.fromkeys(row["incident_id"] for row in self._why["assignments"]))
        pairs = [
            (row["aircraft_id"], incident)
            for row in self._why["aircraft"]
            for incident in row["incident_ids"]
        ]
        locked = {row["aircraft_id"] for row in self._scenario.get("commitments", ())}
        rank = {incident: n for n, incident in enumerate(order)}
        for aircraft, incident in sorted(pairs, key=lambda pair: rank.get(pair[1], len(rank))):
            row = measured.get((aircraft, incident))
            yield f"{self._called(aircraft)} → {self._called(incident)}{self._say('colon')}" + (
                self._against(row)
                if row is not None and not row.get("replaced")
                else self._say("locked" if aircraft in locked else "not_measured")
            )

    def _against(self, row: Row) -> str:
        other, elsewhere = row["runner_up_aircraft_id"], row["runner_up_incident_id"]
        parts = [self._say("steps_in", aircraft=self._called(other)) if other else self._say("nobody")]
        if elsewhere:
            parts.append(self._say("goes", incident=self._called(elsewhere)))
        return self._say("comma").join(parts) + self._say("stop") + self._worth(row)

    def _unused(self) -> Iterator[str]:
        """Aircraft that work nowhere: by what forcing found, else by what can be seen without it."""
        found = {row["aircraft_id"]: row for row in self._why["unused"] if row["code"] != "ASSIGNED"}
        for use in self._why["aircraft"]:
            if use["incident_ids"]:
                continue
            row = found.get(use["aircraft_id"], use)
            yield self._called(use["aircraft_id"]) + self._say("colon") + self._why_unused(row)

    def _why_unused(self, row: Row) -> str:
        codes: Mapping[str, int] = row.get("codes", {})
        if len(codes) > 1:
            ranked = sorted(codes, key=lambda code: (code != row["code"], -codes[code], code))
            return self._say("stop").join(
                f"{self._code(code)} [{code}]"
                + self._say("brackets", self._say("at_incidents", count=codes[code]))
                for code in ranked
            )
        told = f"{self._code(row['code'])} [{row['code']}]"
        if row.get("incident_id") and "difference" in row:
            where = self._say("if_sent", incident=self._called(row["incident_id"]))
            told += self._say("stop") + where + self._say("comma") + self._worth(row)
        return told

    def _short(self, row: Row) -> str:
        room = said(ROOM, row["kind"], self._language).format(
            place=self._called(row["place_id"]), n=row["limit"] + 1
        )
        return room + self._say("colon") + self._worth(row)


def scenario_id(scenario: Row) -> str:
    """Its own name for itself, printable."""
    return "".join(char if char.isprintable() else " " for char in str(scenario.get("id", "")))

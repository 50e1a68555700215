"""The text of a tasking: one SMS whatever the names, and never without its number, its time and its code."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.callout_kinds import ReplyResult
from dispatch.geo import Position
from dispatch.kinds import IncidentKind
from protocols import sms_reply, sms_text
from protocols.sms_text import MOST_UNITS, Job, units

positions = st.builds(Position, lon_deg=st.floats(-180, 180), lat_deg=st.floats(-90, 90))
names = st.text(max_size=300) | st.text(st.sampled_from("靖安县三爪仑𠮷🚁é́ \u202e\n\x00"), max_size=120)
jobs = st.builds(
    Job,
    number=st.builds("GY-{:04d}-{:02d}".format, st.integers(101, 1231), st.integers(1, 9999)),
    kind=st.none() | st.sampled_from(IncidentKind),
    drops=st.integers(0, 100_000),
    place=names,
    position=positions,
    base=st.none() | positions,
    take_off_at=st.integers(0, 2**31).map(lambda at_s: datetime.fromtimestamp(at_s, UTC)),
    simulated=st.booleans(),
)
codes = st.integers(1000, 9999).map(str)
signatures = st.sampled_from(["", "【赣鹰】", "【省航空救援中心】"])

JOB = Job(
    number="GY-1126-03",
    kind=IncidentKind.FOREST_FIRE,
    drops=12,
    place="靖安县三爪仑",
    position=Position(lon_deg=115.1, lat_deg=28.95),
    base=Position(lon_deg=115.36, lat_deg=28.86),
    take_off_at=datetime(2026, 11, 26, 2, 35, tzinfo=UTC),
    simulated=False,
)


@given(jobs, codes, signatures, st.booleans(), st.sampled_from([(), ("drops",), tuple(sms_text._TERMS)]))
def test_every_text_is_one_sms_and_keeps_number_time_and_code(
    job: Job, code: str, signature: str, in_the_air: bool, terms: tuple[str, ...]
) -> None:
    ordered = sms_text.order(job, code, signature)
    made = {
        ordered: f"{code}接受",
        sms_text.order(job, "", signature): "应答页",
        sms_text.amended(job, terms, code, signature): f"{code}确认",
        sms_text.recalled(job, code, in_the_air, signature): f"{code}收到",
        sms_text.urged(job, code, signature): f"{code}接受",
    }
    for text, kept in made.items():
        assert units(text) == len(text.encode("utf-16-le")) // 2 <= MOST_UNITS, text
        assert job.number in text
        assert kept in text
        assert text.startswith(signature)
        assert ("演练" in text) >= job.simulated
        assert not set(text) & {"\n", "\x00", "\u202e"}
    assert f"{job.take_off_at + timedelta(hours=8):%H:%M}起飞" in ordered


@given(st.sampled_from(ReplyResult), jobs, signatures)
def test_every_answer_is_one_sms_and_can_be_taken_for_no_reply(
    result: ReplyResult, job: Job, signature: str
) -> None:
    """Two machines that answer each other's texts come to an end."""
    text = sms_text.answer(result, job.number, job.simulated, signature)
    assert units(text) <= MOST_UNITS
    assert not isinstance(sms_reply.parse(text), sms_reply.Reply)
    assert not isinstance(sms_reply.parse(sms_text.order(job, "4827", signature)), sms_reply.Reply)


def test_what_it_looks_like() -> None:
    assert (
        sms_text.order(JOB, "4827")
        == "GY-1126-03灭火12桶 靖安县三爪仑 292°27km 10:35起飞 回1 4827接受/2 4827拒绝"
    )
    assert "召回,立即返航" in sms_text.recalled(JOB, "4827", in_the_air=True)
    assert "接受请按1" in sms_text.spoken(JOB, answers=True)


def test_a_place_far_from_any_base_is_told_by_its_coordinates_and_a_letter_is_never_halved() -> None:
    far = Job(**{**{name: getattr(JOB, name) for name in Job.__slots__}, "base": None})
    assert "28.95N115.10E" in sms_text.order(far, "4827")
    assert sms_text.cut("𠮷" * 40, 5) == "𠮷𠮷…"
    assert sms_text.cut("e\u0301e\u0301", 3) == "e\u0301…"
    assert sms_text.cut("e\u0301e\u0301", 2) == "…"

"""NMEA sentences and fixes: values, faults, dates over midnight, what belongs together."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.geo import Position, wgs84_to_gcj02
from dispatch.kinds import AltitudeDatum, HorizontalDatum, SourceKind
from protocols import nmea, nmea_fixes
from protocols.nmea import Said
from protocols.nmea_fixes import Fix, Fixes, own_key, sighting
from protocols.nmea_lines import Deframer, Sentence, checksum

DATA = Path(__file__).parents[1] / "data" / "nmea"


def sentence(body: str) -> Sentence:
    (item,) = Deframer().feed(f"${body}*{checksum(body)}\r\n".encode())
    assert isinstance(item, Sentence)
    return item


def said(body: str) -> Said:
    return nmea.read(sentence(body))


def fixes(*bodies: str, then: bool = True) -> list[Fix]:
    merging = Fixes()
    found = [fix for body in bodies for fix in merging.put(said(body))]
    return found + (merging.close() if then else [])


def test_an_rmc_of_beidou_is_read() -> None:
    for talker in ("BD", "GB"):
        assert said(f"{talker}RMC,021500.50,A,2841.5,N,11554.25,E,10.0,359.5,241126,,,A") == Said(
            kind="RMC",
            time_s=8100.5,
            day=date(2026, 11, 24),
            valid=True,
            lon_deg=115 + 54.25 / 60,
            lat_deg=28 + 41.5 / 60,
            ground_speed_mps=pytest.approx(5.144444),  # type: ignore[arg-type]
            track_deg=359.5,
        )


def test_south_and_west_are_negative() -> None:
    place = said("GPGLL,3315.0,S,07030.0,W,101010,A,A")
    assert (place.lat_deg, place.lon_deg) == (-33.25, -70.5)


def test_a_gga_has_height_dilution_and_satellites() -> None:
    one = said("GNGGA,103607.00,5327.03942,N,00214.42462,W,1,06,5.88,56.0,M,48.5,M,,")
    assert (one.altitude_m, one.hdop, one.satellites, one.valid) == (56.0, 5.88, 6, True)


@pytest.mark.parametrize(
    ("body", "valid", "simulated"),
    [
        ("GPRMC,101010,V,2800,N,11500,E,,,241126", False, False),
        ("GPRMC,101010,A,2800,N,11500,E,,,241126,,,N", False, False),
        ("GPRMC,101010,A,2800,N,11500,E,,,241126,,,E", True, False),
        ("GPRMC,101010,V,2800,N,11500,E,,,241126,,,S", True, True),
        ("GPRMC,101010,A,2800,N,11500,E,,,241126,,,A,V", True, False),
        ("GPRMC,101010,A,,,,,,,241126", False, False),
        ("GPGGA,101010,2800,N,11500,E,0,,,,M,,M,,", False, False),
        ("GPGGA,101010,2800,N,11500,E,,,,,M,,M,,", False, False),
        ("GPGGA,101010,2800,N,11500,E,4,,,,M,,M,,", True, False),
        ("GPGGA,101010,2800,N,11500,E,7,,,,M,,M,,", False, False),
        ("GPGGA,101010,2800,N,11500,E,8,,,,M,,M,,", True, True),
        ("GPGLL,2800,N,11500,E,101010,V,N", False, False),
        ("GPGLL,2800,N,11500,E,101010,A", True, False),
        ("GNGNS,101010,2800,N,11500,E,NN,,,,,,", False, False),
        ("GNGNS,101010,2800,N,11500,E,NA,,,,,,", True, False),
        ("GNGNS,101010,2800,N,11500,E,SN,,,,,,", True, True),
        ("GNGNS,101010,2800,N,11500,E,M,,,,,,", False, False),
    ],
)
def test_a_fix_is_what_the_receiver_calls_one(body: str, valid: bool, simulated: bool) -> None:
    one = said(body)
    assert (one.valid, one.simulated, one.lon_deg is not None) == (valid, simulated, valid)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("GPRMC,241010,A,2800,N,11500,E,,,241126", "time"),
        ("GPRMC,106010,A,2800,N,11500,E,,,241126", "time"),
        ("GPRMC,101062,A,2800,N,11500,E,,,241126", "time"),
        ("GPRMC,1010,A,2800,N,11500,E,,,241126", "time"),
        ("GPRMC,101010,A,9000.1,N,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,2860,N,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,28.5,N,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,2800,E,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,2800,,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,2800,N,18000.1,E,,,241126", "lon_deg"),
        ("GPRMC,101010,A,2800,N,,,,,241126", "lon_deg"),
        ("GPRMC,101010,A,,,11500,E,,,241126", "lat_deg"),
        ("GPRMC,101010,A,2800,N,11500,E,-1,,241126", "speed"),
        ("GPRMC,101010,A,2800,N,11500,E,1e3,,241126", "speed"),
        ("GPRMC,101010,A,2800,N,11500,E,nan,,241126", "speed"),
        ("GPRMC,101010,A,2800,N,11500,E,,361,241126", "track_deg"),
        ("GPRMC,101010,A,2800,N,11500,E,,,311126", "date"),
        ("GPRMC,101010,A,2800,N,11500,E,,,24112026", "date"),
        ("GPGGA,101010,2800,N,11500,E,1,06,1.0,1000000,M,,M,,", "altitude_m"),
        ("GPGGA,101010,2800,N,11500,E,1,06,-1.0,10,M,,M,,", "hdop"),
        ("GPGGA,101010,2800,N,11500,E,x,06,1.0,10,M,,M,,", "quality"),
        ("GPZDA,101010,24,13,2026,00,00", "date"),
        ("GPZDA,101010,24,,2026,00,00", "date"),
        ("GPZDA,101010,24,11,1979,00,00", "date"),
        ("GPGST,101010,,,,,x,1,1", "sigma_m"),
    ],
)
def test_a_wrong_field_is_named(body: str, field: str) -> None:
    with pytest.raises(Malformed) as wrong:
        said(body)
    assert wrong.value.field == field


def test_only_receivers_sentences_about_place_are_read() -> None:
    assert nmea.is_read(sentence("BDGGA,,,,,,0,,,,,,,,"))
    assert not nmea.is_read(sentence("GPGSV,1,1,00"))
    assert not nmea.is_read(sentence("AIRMC,1"))
    assert not nmea.is_read(sentence("PUBX,00"))
    (ship,) = Deframer().feed(f"!GPRMC,1*{checksum('GPRMC,1')}\n".encode())
    assert isinstance(ship, Sentence)
    assert not nmea.is_read(ship)


BURST = (
    "GNRMC,103607.00,A,2841.5,N,11554.25,E,2.0,90.0,241126,,,A",
    "GNGGA,103607.00,2841.5,N,11554.25,E,1,06,1.50,56.0,M,48.5,M,,",
    "GNGSA,A,3,,,,,,,,,,,,,9.62,1.50,7.62,1",
    "GNGST,103607.00,38,60,38,89,3.0,4.0,31",
)


def next_second(burst: tuple[str, ...], second: int) -> list[str]:
    return [body.replace("103607", f"1036{second:02d}") for body in burst]


def test_a_burst_is_one_fix() -> None:
    (fix,) = fixes(*BURST)
    assert fix.at_s == datetime(2026, 11, 24, 10, 36, 7, tzinfo=UTC).timestamp()
    assert (fix.lon_deg, fix.altitude_m, fix.track_deg) == (115 + 54.25 / 60, 56.0, 90.0)
    assert fix.accuracy_m == pytest.approx(10.0)  # 2 * hypot(3, 4)


def test_the_first_fix_waits_for_the_next_burst_and_the_others_do_not() -> None:
    merging = Fixes()
    given_after = []
    for second in range(7, 11):
        for number, body in enumerate(next_second(BURST, second)):
            given_after += [(second, number)] * len(merging.put(said(body)))
    assert given_after == [(8, 0), (8, 3), (9, 3), (10, 3)]


def test_a_receiver_that_says_one_sentence_is_heard_at_once_after_the_first() -> None:
    merging = Fixes()
    counts = [
        len(merging.put(said(body))) for second in range(7, 11) for body in next_second(BURST[:1], second)
    ]
    assert counts == [0, 2, 1, 1]


def test_a_changed_habit_loses_no_fix() -> None:
    bodies = [
        *next_second(BURST, 7),
        *next_second(BURST, 8),
        *next_second(BURST[:2], 9),
        *next_second(BURST, 10),
    ]
    found = fixes(*bodies)
    assert [fix.time_s for fix in found] == [38_167.0, 38_168.0, 38_169.0, 38_170.0]


def test_one_sentence_that_calls_it_invalid_makes_it_no_fix() -> None:
    (fix,) = fixes(BURST[0], "GNGGA,103607.00,2841.5,N,11554.25,E,0,00,,,M,,M,,")
    assert not fix.placed
    assert sighting(fix, key="nmea:x", source="x", datum=HorizontalDatum.WGS84) is None


def test_dilution_gives_an_accuracy_where_the_receiver_does_not() -> None:
    (fix,) = fixes(BURST[1])
    assert fix.accuracy_m == pytest.approx(10.5)
    assert fixes(BURST[0])[0].accuracy_m is None


def test_a_time_without_a_date_is_no_utc() -> None:
    (fix,) = fixes(BURST[1])
    assert (fix.at_s, fix.time_s) == (None, 38_167.0)


def at(fix: Fix) -> str:
    assert fix.at_s is not None
    return datetime.fromtimestamp(fix.at_s, UTC).isoformat()


def test_a_date_is_carried_over_midnight_forwards_and_back() -> None:
    gga = "GPGGA,{},2841.5,N,11554.25,E,1,06,1.50,56.0,M,48.5,M,,"
    found = fixes(
        "GPZDA,235958,31,12,2026,00,00",
        gga.format("235958"),
        gga.format("235959.5"),
        gga.format("000000"),
        gga.format("000001"),
        "GPZDA,000002,01,01,2027,00,00",
        gga.format("235959.9"),  # late, from before midnight
        gga.format("000003"),
    )
    assert [at(fix)[:19] for fix in found] == [
        "2026-12-31T23:59:58",
        "2026-12-31T23:59:59",
        "2027-01-01T00:00:00",
        "2027-01-01T00:00:01",
        "2026-12-31T23:59:59",
        "2027-01-01T00:00:03",
    ]


def test_a_date_is_carried_for_days_without_another() -> None:
    merging = Fixes()
    merging.put(said("GPZDA,120000,30,12,2026,00,00"))
    found: list[Fix] = []
    for hours in range(13, 13 + 72):
        found += merging.put(said(f"GPGGA,{hours % 24:02d}0000,2841.5,N,11554.25,E,1,06,1,56.0,M,48.5,M,,"))
    found += merging.close()
    assert at(found[-1]) == "2027-01-02T12:00:00+00:00"
    assert len(found) == 72


def test_a_leap_second_is_the_first_of_the_next_minute() -> None:
    (fix,) = fixes("GPRMC,235960.00,A,2841.5,N,11554.25,E,,,311226,,,A")
    assert at(fix) == "2027-01-01T00:00:00+00:00"


def test_an_invalid_rmc_says_no_date() -> None:
    found = fixes("GPRMC,000001,V,,,,,,,060180", "GPGGA,000002,2841.5,N,11554.25,E,1,06,1,56.0,M,48.5,M,,")
    assert [(fix.placed, fix.at_s) for fix in found] == [(False, None), (True, None)]


def test_speed_alone_comes_from_vtg_in_knots_or_kmh() -> None:
    assert fixes(BURST[1], "GNVTG,45.0,T,,M,10.0,N,18.5,K,A")[0].ground_speed_mps == pytest.approx(5.144444)
    assert fixes(BURST[1], "GNVTG,45.0,T,,M,,N,36.0,K")[0].ground_speed_mps == pytest.approx(10.0)
    assert fixes(BURST[1], "GNVTG,45.0,T,,M,10.0,N,18.5,K,N")[0].ground_speed_mps is None


def test_a_fix_becomes_a_sighting_in_wgs84() -> None:
    (fix,) = fixes(*BURST)
    one = sighting(fix, key=own_key("van"), source="van", datum=HorizontalDatum.WGS84, name="van")
    assert one is not None
    assert (one.key, one.source_kind, one.name) == ("nmea:van", SourceKind.NMEA, "van")
    assert (one.altitude_datum, one.simulated) == (AltitudeDatum.MSL, False)
    moved = sighting(fix, key="nmea:van", source="van", datum=HorizontalDatum.GCJ02)
    assert moved is not None
    assert moved.lon_deg is not None
    assert moved.lat_deg is not None
    back = wgs84_to_gcj02(Position(lon_deg=moved.lon_deg, lat_deg=moved.lat_deg))
    assert back.lon_deg == pytest.approx(one.lon_deg, abs=1e-6)


def test_a_simulators_fix_is_marked() -> None:
    (fix,) = fixes("GPGGA,101010,2800,N,11500,E,8,06,1.0,10,M,,M,,")
    one = sighting(fix, key="nmea:van", source="van", datum=HorizontalDatum.WGS84)
    assert one is not None
    assert one.simulated


def test_keys_are_printable_whatever_the_sender() -> None:
    assert own_key("van", "10.36.0.9") == "nmea:van-10.36.0.9"
    assert own_key("van", "fe80::1%eth 0") == "nmea:van-fe80::1%25eth%200"


def test_a_real_receivers_moments_are_one_fix_each() -> None:
    found: list[Fix] = []
    for name in ("pygpsdata-mixed.log", "pygpsdata-nmea4.log"):
        merging = Fixes()
        for item in Deframer().feed((DATA / name).read_bytes()):
            if isinstance(item, Sentence) and nmea.is_read(item):
                found += merging.put(nmea.read(item))
        found += merging.close()
    assert [(fix.time_s, fix.at_s) for fix in found] == [
        (38_473.0, None),
        (38_474.0, None),
        (38_167.0, 1_615_026_967.0),  # 2021-03-06T10:36:07Z, RMC and ZDA agree
    ]
    assert found[-1].accuracy_m == pytest.approx(56.6, abs=0.1)  # GST 15 and 24 m


letters = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*"), max_size=12)
fields = st.lists(
    letters
    | st.sampled_from(
        ["", "A", "N", "E", "W", "S", "1", "8", "101010", "235959.99", "2841.5", "11554.25", "241126"]
    ),
    max_size=18,
)


@given(st.lists(st.tuples(st.sampled_from(sorted(nmea.KINDS)), fields), max_size=12))
def test_no_sentence_raises_but_what_is_named_and_every_fix_is_a_place(
    many: list[tuple[str, list[str]]],
) -> None:
    merging = Fixes()
    found: list[Fix] = []
    for kind, values in many:
        try:
            found += merging.put(said(",".join([f"GN{kind}", *values])))
        except Malformed as wrong:
            assert wrong.field
    for fix in found + merging.close():
        one = sighting(fix, key="nmea:van", source="van", datum=HorizontalDatum.GCJ02)
        assert (one is not None) == fix.placed


@given(
    st.floats(-89.9999, 89.9999),
    st.floats(-179.9999, 179.9999),
    st.integers(0, 86_399),
    st.dates(date(1980, 1, 6), date(2079, 12, 31)),
)
def test_any_place_and_moment_comes_back(lat_deg: float, lon_deg: float, time_s: int, day: date) -> None:
    def angle(value: float, width: int) -> str:
        degrees, minutes = divmod(round(abs(value) * 6_000_000), 6_000_000)
        return f"{degrees:0{width}d}{minutes / 100_000:08.5f}"

    clock = f"{time_s // 3600:02d}{time_s // 60 % 60:02d}{time_s % 60:02d}"
    (fix,) = fixes(
        f"BDRMC,{clock},A,{angle(lat_deg, 2)},{'NS'[lat_deg < 0]},{angle(lon_deg, 3)},{'EW'[lon_deg < 0]},"
        f"0,0,{day:%d%m%y},,,A"
    )
    assert fix.lat_deg == pytest.approx(lat_deg, abs=1e-6)
    assert fix.lon_deg == pytest.approx(lon_deg, abs=1e-6)
    assert fix.at_s == datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + time_s


def test_the_limits_of_what_is_remembered() -> None:
    assert nmea_fixes.own_key("x" * 32, "y" * 200) == "nmea:" + "x" * 32 + "-" + "y" * 40

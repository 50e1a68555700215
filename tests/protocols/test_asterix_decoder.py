"""What records of radars, ADS-B stations and air traffic control systems say of aircraft. libasterix is the sender."""

import json
from typing import Any

import pytest
from pyproj import Geod

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.polar import Radar
from dispatch.sighting import Sighting
from protocols.asterix import Block, Deframer
from protocols.asterix_decoder import Decoder, Radars, Report
from protocols.frames import BadFrame
from tests.protocols.asterix_peers import DATA, datagrams
from tests.protocols.asterix_sent import block, described_021, plot_048, report_021, track_062

NOON_S = 1_790_078_400.0  # of a day, UTC
RADAR = Radar(lon_deg=115.36, lat_deg=28.86, height_m=310.0)
GEOD = Geod(ellps="WGS84")


def read(data: bytes, decoder: Decoder | None = None, arrived_s: float = NOON_S + 1) -> list[Report]:
    deframer = Deframer()
    decoder = decoder or Decoder(source="radars", radars=Radars(named={"025/007": RADAR}))
    found = []
    for each in (*deframer.feed(data), *deframer.close()):
        assert isinstance(each, Block), each
        for report in decoder.read(each, arrived_s):
            assert isinstance(report, Report), report
            found.append(report)
    return found


def seen(data: bytes) -> Sighting:
    (report,) = read(data)
    assert report.wrong == ()
    assert report.sighting is not None
    return report.sighting


# CAT021


def test_an_adsb_report_is_a_sighting() -> None:
    sighting = seen(
        block(
            21,
            report_021(
                i040=described_021(0, 0b0100000),
                i090=(
                    (("NUCRNACV", 1), ("NUCPNIC", 8), None),
                    (("NICBARO", 1), ("SIL", 3), ("NACP", 9), None),
                ),
                i210=(0, ("VNS", 0), ("VN", 2), ("LTT", 2)),
                i145=(35.0, "FL"),
                i140=(3_800.0, "ft"),
                i155=(("RE", 0), ("BVR", (-625.0, "ft/min"))),
                i160=(("RE", 0), ("GS", (0.1, "NM/s")), ("TA", (271.5, "°"))),
                i170="B7001   ",
                i070=(0, ("MODE3A", 0o4175)),
                i020=10,
                i200=(("ICF", 0), ("LNAV", 0), ("ME", 0), ("PS", 2), ("SS", 0)),
            ),
        )
    )
    assert (sighting.source_kind, sighting.key) == (SourceKind.ADSB, "icao24:780abc")
    assert sighting.observed_at_s == NOON_S + 0.5
    assert sighting.lon_deg == pytest.approx(115.9, abs=2e-7)
    assert sighting.lat_deg == pytest.approx(28.7, abs=2e-7)
    assert (sighting.altitude_m, sighting.altitude_datum) == (pytest.approx(1_066.8), AltitudeDatum.PRESSURE)
    assert sighting.vertical_rate_mps == pytest.approx(-3.175)
    assert sighting.ground_speed_mps == pytest.approx(185.15, abs=0.06)
    assert sighting.track_deg == pytest.approx(271.5, abs=0.01)
    assert (sighting.callsign, sighting.squawk, sighting.emitter_category) == ("B7001", "4175", "A7")
    assert (sighting.emergency, sighting.calm, sighting.on_ground) == (Emergency.MEDICAL, False, True)
    assert sighting.accuracy_m == 30.0
    assert not sighting.simulated


@pytest.mark.parametrize(
    ("quality", "version", "accuracy_m"),
    [
        ([(1, 7)], 0, 92.6),  # NUCp 7
        ([(1, 8)], 2, 185.2),  # NIC 8 alone: containment
        ([(1, 8), (0, 3, 10)], 2, 10.0),  # NACp 10
        ([(1, 8), (0, 3, 0), None, (13, 0)], 2, 24.076),  # PIC 13
        ([(1, 0)], 2, None),
    ],
)
def test_accuracy_is_what_the_transponder_states(
    quality: list[Any], version: int, accuracy_m: float | None
) -> None:
    parts: list[Any] = [(("NUCRNACV", quality[0][0]), ("NUCPNIC", quality[0][1]), None)]
    if len(quality) > 1:
        parts.append((("NICBARO", quality[1][0]), ("SIL", quality[1][1]), ("NACP", quality[1][2]), None))
    if len(quality) > 3:
        parts.append((0, ("SILS", 0), ("SDA", 0), ("GVA", 0), None))
        parts.append((("PIC", quality[3][0]), ("SRC", 0), 0, None))
    sighting = seen(
        block(21, report_021(i090=tuple(parts), i210=(0, ("VNS", 0), ("VN", version), ("LTT", 2))))
    )
    assert sighting.accuracy_m == (None if accuracy_m is None else pytest.approx(accuracy_m))


@pytest.mark.parametrize(
    ("octets", "passed", "unplaced", "simulated"),
    [
        ((0,), "", "", False),
        ((0b0000001,), "field monitor", "", False),
        ((0, 0b0010000), "", "", True),  # simulated
        ((0, 0b0001000), "", "", True),  # test target
        ((0, 0b0000001), "", "suspect", False),
        ((0, 0, 0b0010000), "", "suspect", False),  # independent position check
        ((0, 0, 0b0001000), "", "suspect", False),  # not to be used
        ((0, 0, 0b0000001), "", "suspect", False),  # range check
    ],
)
def test_what_the_station_says_of_its_report_is_heeded(
    octets: tuple[int, ...], passed: str, unplaced: str, simulated: bool
) -> None:
    (report,) = read(block(21, report_021(i040=described_021(*octets))))
    assert report.sighting is not None
    assert (report.passed, report.unplaced, report.sighting.simulated) == (passed, unplaced, simulated)
    assert (report.sighting.lon_deg is None) == bool(unplaced)


def test_an_anonymous_address_is_known_by_its_track_number_only() -> None:
    assert seen(block(21, report_021(i040=described_021(0b0110000)))).key == "track:025/007/77"


def test_without_address_and_number_nobody_is_seen() -> None:
    record = report_021(i040=described_021(0b0110000))
    del record["161"]
    (report,) = read(block(21, record))
    assert (report.passed, report.sighting) == ("no identity", None)


def test_a_chinese_station_of_edition_0_26_is_read_without_being_told() -> None:
    (recorded,) = json.loads((DATA / "china_cat021_v026.json").read_text())
    (report,) = read(bytes.fromhex(recorded["hex"]))
    sighting, expected = report.sighting, recorded["expected"]
    assert sighting is not None
    assert report.wrong == ()
    assert report.second_of_day == expected["tod_s"]
    assert (sighting.icao24, sighting.callsign) == ("780261", "CSN3127")
    assert sighting.lat_deg == pytest.approx(expected["lat"])
    assert sighting.lon_deg == pytest.approx(expected["lon"])
    assert sighting.altitude_m == pytest.approx(226 * 30.48)
    assert sighting.ground_speed_mps == pytest.approx(expected["gs_kt"] * 1852 / 3600)
    assert sighting.track_deg == pytest.approx(expected["track_deg"])
    assert sighting.vertical_rate_mps == pytest.approx(expected["geom_vertical_rate_ftmin"] * 0.3048 / 60)
    assert report.record.source == "000/001"


# CAT048


def test_a_radars_plot_is_placed_from_where_the_radar_stands() -> None:
    sighting = seen(
        block(
            48,
            plot_048(
                i220=0x780ABC,
                i240="B7001   ",
                i070=(("V", 0), ("G", 0), ("L", 0), 0, ("MODE3A", 0o7700)),
                i200=(("GSP", (0.05, "NM/s")), ("HDG", (45.0, "°"))),
                i230=(
                    ("COM", 1),
                    ("STAT", 0),
                    ("SI", 0),
                    0,
                    ("MSSC", 1),
                    ("ARC", 1),
                    ("AIC", 1),
                    ("B1A", 1),
                    ("B1B", 5),
                ),
            ),
        )
    )
    assert (sighting.source_kind, sighting.key) == (SourceKind.RADAR, "icao24:780abc")
    azimuth_deg, _, ground_m = GEOD.inv(RADAR.lon_deg, RADAR.lat_deg, sighting.lon_deg, sighting.lat_deg)
    assert azimuth_deg == pytest.approx(90.0, abs=1e-6)
    # 92,600 m of slant range at 3,048 m, seen from 310 m: 40 m less on the ground, and the earth's curve
    assert 92_480 < ground_m < 92_560
    assert sighting.accuracy_m is not None
    assert 300 < sighting.accuracy_m < 700
    assert (sighting.squawk, sighting.on_ground, sighting.callsign) == ("7700", False, "B7001")


def test_a_plot_without_address_is_known_by_radar_and_track_number() -> None:
    assert seen(block(48, plot_048())).key == "radar:025/007/1234"


@pytest.mark.parametrize("flags", [(1, 0), (0, 1)])
def test_codes_and_levels_that_are_not_validated_or_garbled_are_not_shown(flags: tuple[int, int]) -> None:
    v, g = flags
    sighting = seen(
        block(
            48,
            plot_048(
                i070=(("V", v), ("G", g), ("L", 0), 0, ("MODE3A", 0o7700)),
                i090=(("V", v), ("G", g), ("FL", (100.0, "FL"))),
            ),
        )
    )
    assert (sighting.squawk, sighting.altitude_m) == (None, None)
    assert sighting.accuracy_m is not None
    assert sighting.accuracy_m > 600  # its height is not known


def test_a_track_that_was_not_detected_this_time_keeps_its_place() -> None:
    (report,) = read(
        block(
            48,
            plot_048(i020=((("TYP", 0), ("SIM", 0), ("RDP", 0), ("SPI", 0), ("RAB", 0), None),)),
        )
    )
    assert report.sighting is not None
    assert (report.unplaced, report.sighting.lon_deg) == ("coasted", None)


@pytest.mark.parametrize(("code", "passed"), [(1, "false target"), (10, "false target"), (13, ""), (24, "")])
def test_reflections_and_ghosts_are_passed_over(code: int, passed: str) -> None:
    (report,) = read(block(48, plot_048(i030=(code,))))
    assert report.passed == passed
    assert report.sighting is not None
    assert (report.sighting.thing_kind is ThingKind.HELICOPTER) == (code == 24)


def test_an_address_that_the_radar_calls_illegal_is_not_used() -> None:
    assert seen(block(48, plot_048(i220=0x780ABC, i030=(16,)))).key == "radar:025/007/1234"


def test_a_tracks_computed_place_is_used_where_no_plot_came_as_its_radar_projects_it() -> None:
    def placed(tcc: int) -> Sighting:
        record = plot_048(
            i042=(("X", (30.0, "NM")), ("Y", (40.0, "NM"))),
            i170=(
                (("CNF", 0), ("RAD", 2), ("DOU", 0), ("MAH", 0), ("CDM", 0), None),
                (("TRE", 0), ("GHO", 0), ("SUP", 0), ("TCC", tcc), 0, None),
            ),
        )
        del record["040"]
        return seen(block(48, record))

    ranges = []
    for tcc in (0, 1):
        sighting = placed(tcc)
        azimuth_deg, _, ground_m = GEOD.inv(RADAR.lon_deg, RADAR.lat_deg, sighting.lon_deg, sighting.lat_deg)
        assert azimuth_deg == pytest.approx(36.87, abs=0.01)
        ranges.append(ground_m)
    assert ranges[1] == pytest.approx(50 * 1852, abs=1)
    assert ranges[0] < ranges[1] - 40


def test_a_plot_above_its_own_range_is_a_named_fault() -> None:
    (report,) = read(
        block(
            48,
            plot_048(
                i040=(("RHO", (2.0, "NM")), ("THETA", (90.0, "°"))),
                i090=(("V", 0), ("G", 0), ("FL", (400.0, "FL"))),
            ),
        )
    )
    (wrong,) = report.wrong
    assert wrong.field == "048/040"
    assert report.sighting is not None
    assert report.sighting.lon_deg is None


def test_without_the_radars_place_a_plot_has_none() -> None:
    (report,) = read(block(48, plot_048()), Decoder())
    assert report.unplaced == "unplaced"


def test_a_radar_says_its_place_itself_in_category_034() -> None:
    decoder = Decoder()
    place = (("HGT", (310.0, "m")), ("LAT", (28.86, "°")), ("LON", (115.36, "°")))
    read(block(34, {"000": 1, "030": (43_200.0, "s"), "120": place}), decoder)
    (report,) = read(block(48, plot_048()), decoder)
    assert report.sighting is not None
    assert report.sighting.lon_deg == pytest.approx(116.3084, abs=2e-4)


def test_one_place_is_not_given_to_two_radars() -> None:
    decoder = Decoder(radars=Radars(named={}, unnamed=RADAR))
    (first,) = read(block(48, plot_048()), decoder)
    assert first.unplaced == ""
    (second,) = read(block(48, plot_048(i010=(("SAC", 25), ("SIC", 8)))), decoder)
    (third,) = read(block(48, plot_048(i161=(0, ("TRN", 5)))), decoder)
    assert (second.unplaced, third.unplaced) == ("unplaced", "unplaced")
    assert decoder.several_radars


def test_a_real_plot_lies_on_the_path_of_its_system_track() -> None:
    """CAT062 says by which radar, when and where it last saw the track; CAT034 where that radar stands."""
    decoder = Decoder()
    for datagram in datagrams("cat_034_048.pcap"):
        read(datagram, decoder)
    (track, _, _) = read(datagrams("cat_062_065.pcap")[0], decoder)
    last: Any = track.record.said()["340"]
    polar = (("RHO", (last["POS"]["RHO"], "NM")), ("THETA", (last["POS"]["THETA"], "°")))
    level = (("V", 0), ("G", 0), ("FL", (last["MDC"]["LMC"], "FL")))
    sid = (("SAC", last["SID"]["SAC"]), ("SIC", last["SID"]["SIC"]))
    (plot,) = read(block(48, plot_048(i010=sid, i040=polar, i090=level)), decoder)
    assert plot.sighting is not None
    assert track.sighting is not None
    course_deg, _, flown_m = GEOD.inv(
        plot.sighting.lon_deg, plot.sighting.lat_deg, track.sighting.lon_deg, track.sighting.lat_deg
    )
    assert track.sighting.ground_speed_mps is not None
    assert course_deg == pytest.approx(track.sighting.track_deg, abs=3)
    assert flown_m == pytest.approx(3.25 * track.sighting.ground_speed_mps, abs=60)  # seen 3.25 s ago


# CAT062


def test_a_system_track_is_a_sighting() -> None:
    sighting = seen(
        block(
            62,
            track_062(
                i060=(("V", 0), ("G", 0), ("CH", 0), 0, ("MODE3A", 0o1275)),
                i185=(("VX", (60.0, "m/s")), ("VY", (80.0, "m/s"))),
                i136=(65.0, "FL"),
                i220=(500.0, "ft/min"),
                i380={"ADR": 0x780ABC, "ID": "B7001   ", "EMC": 10},
                i500={"APC": (("X", (30.0, "m")), ("Y", (40.0, "m")))},
            ),
        )
    )
    assert (sighting.source_kind, sighting.key) == (SourceKind.SYSTEM_TRACK, "icao24:780abc")
    assert (sighting.ground_speed_mps, sighting.track_deg) == (100.0, pytest.approx(36.87, abs=0.01))
    assert (sighting.altitude_m, sighting.altitude_datum) == (pytest.approx(1_981.2), AltitudeDatum.PRESSURE)
    assert sighting.vertical_rate_mps == pytest.approx(2.54)
    assert (sighting.callsign, sighting.squawk, sighting.emitter_category) == ("B7001", "1275", "A7")
    assert sighting.accuracy_m == pytest.approx(98.0)


def test_a_system_track_without_address_is_known_by_its_number() -> None:
    assert seen(block(62, track_062())).key == "track:025/007/4713"


@pytest.mark.parametrize(
    ("items", "altitude_m", "datum"),
    [
        ({"i135": (("QNH", 1), ("CTB", (50.0, "FL"))), "i130": (9_000.0, "ft")}, 1_524.0, "msl"),
        ({"i135": (("QNH", 0), ("CTB", (-5.0, "FL")))}, -152.4, "pressure"),
        ({"i130": (1_000.0, "ft")}, 304.8, "ellipsoid"),
    ],
)
def test_heights_keep_their_datum(items: dict[str, Any], altitude_m: float, datum: str) -> None:
    sighting = seen(block(62, track_062(**items)))
    assert (sighting.altitude_m, sighting.altitude_datum) == (pytest.approx(altitude_m), datum)


def status_062(**said: int) -> tuple[Any, ...]:
    parts = (
        ("MON", "SPI", "MRH", "SRC", "CNF"),
        ("SIM", "TSE", "TSB", "FPC", "AFF", "STP", "KOS"),
        ("AMA", "MD4", "ME", "MI", "MD5"),
        ("CST", "PSR", "SSR", "MDS", "ADS", "SUC", "AAC"),
        ("SDS", "EMS", "PFT", "FPLT"),
    )
    return tuple((*((name, said.get(name, 0)) for name in part), None) for part in parts)


@pytest.mark.parametrize("flag", ["CST", "TSE"])
def test_a_track_that_its_system_coasts_or_ends_keeps_its_place(flag: str) -> None:
    (report,) = read(block(62, track_062(i080=status_062(**{flag: 1}))))
    assert report.sighting is not None
    assert (report.unplaced, report.sighting.lon_deg) == ("coasted", None)


def test_emergencies_and_simulated_tracks_are_told() -> None:
    sighting = seen(block(62, track_062(i080=status_062(SIM=1, EMS=5))))
    assert (sighting.emergency, sighting.calm, sighting.simulated) == (Emergency.UNLAWFUL, False, True)
    assert seen(block(62, track_062(i080=status_062()))).calm


def test_a_vehicle_is_one() -> None:
    assert seen(block(62, track_062(i300=3))).thing_kind is ThingKind.VEHICLE


@pytest.mark.parametrize(("kind", "said"), [(0, ("B7001", None)), (2, (None, "B7001"))])
def test_a_name_is_a_callsign_or_a_registration_as_it_says(
    kind: int, said: tuple[str | None, str | None]
) -> None:
    sighting = seen(block(62, track_062(i245=(("STI", kind), 0, ("CHR", "B7001   ")))))
    assert (sighting.callsign, sighting.registration) == said


# All of them


def test_the_same_record_by_two_networks_is_one() -> None:
    decoder = Decoder()
    sent = block(21, report_021())
    (first,), (second,) = read(sent, decoder), read(sent, decoder)
    assert (first.repeat, second.repeat) == (False, True)


def test_the_recording_of_two_networks_has_each_record_twice() -> None:
    decoder = Decoder()
    reports = [each for datagram in datagrams("cat_034_048.pcap") for each in read(datagram, decoder)]
    assert sum(report.repeat for report in reports) == 64
    assert len([report for report in reports if report.kind == "CAT048"]) == 128


@pytest.mark.parametrize(
    ("item", "value", "field"),
    [
        ("i131", (("LAT", (91.0, "°")), ("LON", (115.9, "°"))), "021/131"),
        ("i145", (1_300.0, "FL"), "021/145"),
        ("i170", "B7 001  ", "021/170"),
    ],
)
def test_a_value_that_cannot_be_is_named_and_the_rest_counts(item: str, value: Any, field: str) -> None:
    (report,) = read(block(21, report_021(**{item: value})), Decoder(edition="2"))
    assert [wrong.field for wrong in report.wrong] == [field]
    assert report.sighting is not None
    assert report.sighting.icao24 == "780abc"


def test_a_record_cut_short_is_named_and_those_before_it_count() -> None:
    sent = block(48, plot_048(), plot_048(i161=(0, ("TRN", 2))))
    cut = sent[:1] + (len(sent) - 1).to_bytes(2) + sent[3:-1]
    deframer = Deframer()
    (whole,) = deframer.feed(cut)  # one block
    assert isinstance(whole, Block)
    first, second = Decoder().read(whole, NOON_S)
    assert isinstance(first, Report)
    assert isinstance(second, BadFrame)
    assert (second.code, second.field) == ("TRUNCATED", "048/161")

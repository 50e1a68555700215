"""Our decode of every shared recording beside independent decoders: what differs is what is explained, and no more."""

import pytest

from loadtests import peers, peers_nmea
from loadtests.peers_compared import DATA, Comparison, Why, tables

RS1090 = "rs1090"
PIPE = "pyModeS 3 PipeDecoder"
COLUMNS = "its columns by Python's csv"
ASTERIX = "asterix_decoder"
# By recording and peer: messages laid side by side, and the reasons for which some of their fields differ.
EXPECTED: dict[tuple[str, str], tuple[int, set[str]]] = {
    ("ulss7_61s.beast", RS1090): (
        8_928,
        {
            "address not vouched for",
            "callsign of a register",
            "a quick step between two frames",
            "source of the vertical rate",
            "selected altitude",
            "registers",
        },
    ),
    ("ulss7_61s.beast", "dump1090 (recorded)"): (
        8_622,
        {
            "callsign of a register",
            "whole knots",
            "whole degrees of western tracks",
            "airborne, not said in SBS",
        },
    ),
    ("ulss7_61s.beast", PIPE): (
        8_928,
        {
            "address not vouched for",
            "callsign of a register",
            "first places held back",
            "speed of a register",
            "whole knots",
        },
    ),
    ("sample_dump1090_24s.beast", RS1090): (
        239,
        {
            "address not vouched for",
            "a reply not vouched for",
            "source of the vertical rate",
            "selected altitude",
            "registers",
        },
    ),
    ("sample_dump1090_24s.beast", PIPE): (
        239,
        {"address not vouched for", "first places held back", "speed of a register", "whole knots"},
    ),
    ("pymodes_df17_406b90.csv", RS1090): (
        2_000,
        {"source of the vertical rate", "a quick step between two frames"},
    ),
    ("pymodes_df17_406b90.csv", PIPE): (2_000, {"first places held back", "whole knots"}),
    ("pymodes_golden_v2.json.gz", RS1090): (
        600,
        {"address not vouched for", "source of the vertical rate", "registers"},
    ),
    ("pymodes_golden_v2.json.gz", "pyModeS 2 (recorded)"): (
        600,
        {"address not vouched for", "blanks of a callsign", "speed of a register", "whole knots"},
    ),
    ("ulss7_61s.reference.sbs.csv.gz", COLUMNS): (8_622, set()),
    ("stratux_gms5002_es.sbs.log", COLUMNS): (1_060, set()),
    ("cat_034_048.pcap", ASTERIX): (162, {"speeds in knots", "contents of registers", "an empty callsign"}),
    ("cat_034_048.pcap", f"{ASTERIX} (recorded text)"): (
        162,
        {"speeds in knots", "contents of registers", "an empty callsign"},
    ),
    ("cat_034_048.pcap", "libasterix"): (162, {"an empty callsign"}),
    ("cat_062_065.pcap", ASTERIX): (3, {"levels in feet"}),
    ("cat_062_065.pcap", f"{ASTERIX} (recorded)"): (3, {"levels in feet"}),
    ("cat_062_065.pcap", "libasterix"): (3, set()),
    ("cat_001_002.pcap", ASTERIX): (8, {"speeds in knots, rounded"}),
    ("cat_001_002.pcap", f"{ASTERIX} (recorded)"): (8, {"speeds in knots, rounded"}),
    ("cat_001_002.pcap", "libasterix"): (8, set()),
    ("cat048.raw", ASTERIX): (1, {"speeds in knots", "contents of registers"}),
    ("cat048.raw", "libasterix"): (1, set()),
    ("cat034.raw", ASTERIX): (1, set()),
    ("cat034.raw", "libasterix"): (1, set()),
    ("china_cat021_v026.json", "libasterix"): (1, set()),
    ("cot_events.json", "takproto (XML)"): (16, {"an event without a type", "NaN"}),
    ("cot_events.json", "takproto (protobuf it made)"): (15, {"NaN"}),
    ("tak_protocol_v1_vectors.json", "takproto (XML)"): (1, set()),
    ("tak_protocol_v1_vectors.json", "takproto (mesh form)"): (1, set()),
    ("tak_protocol_v1_vectors.json", "takproto (stream form)"): (1, set()),
    ("vectors.json", "another hand (recorded)"): (55, set()),
    ("vectors.json", "Traccar (recorded)"): (55, {"damaged frames", "makers' own items"}),
}
if peers_nmea.HAD:
    EXPECTED |= {
        ("pygpsdata-mixed.log", "pynmeagps"): (15, set()),
        ("pygpsdata-nmea4.log", "pynmeagps"): (57, {"a sentence over 255 bytes"}),
        ("pygpsdata-nmeabadck.log", "pynmeagps"): (1, set()),
    }
# bytes before and after unescaping, for the codec's own tests; recorded decodes of the recordings above
NO_RECORDINGS = {
    "frame_unescape.json",
    "cat_001_002.reference.jsonl",
    "cat_034_048.reference.txt.gz",
    "cat_062_065.reference.jsonl",
}


@pytest.fixture(scope="module")
def compared() -> list[Comparison]:
    return peers.compared()


def test_what_differs_is_exactly_what_is_explained(compared: list[Comparison]) -> None:
    assert {(each.recording, each.peer): (each.messages, set(each.classes)) for each in compared} == EXPECTED
    assert [(each.recording, each.peer, each.examples) for each in compared if each.unexplained] == []


def test_no_explanation_outlives_its_difference(compared: list[Comparison]) -> None:
    assert peers.idle(compared) == []


def test_every_recording_is_compared_or_named_as_not_shown(compared: list[Comparison]) -> None:
    shown = {each.recording for each in compared}
    for topic in ("adsb", "asterix", "cot", "jt808", "nmea"):
        for file in (DATA / topic).iterdir():
            if file.name == "ORIGIN.md" or file.name in NO_RECORDINGS:
                continue
            named = topic == "nmea" and "NMEA 0183" in peers.not_shown()
            assert file.name in shown or named, file


def test_fields_are_counted_once_each(compared: list[Comparison]) -> None:
    for each in compared:
        assert each.fields == each.equal + each.differing
        assert each.fields >= each.messages


def test_a_difference_that_only_looks_explained_stays_unexplained() -> None:
    halved = Why(
        name="halves",
        fields=frozenset(("speed",)),
        because="theirs is half of ours",
        holds=lambda pair: pair.ours == 2 * pair.theirs,
    )
    ran = Comparison(recording="one", peer="other", whys=(halved,), within={"speed": 0.1})
    for ours, theirs in ((4.0, 2.0), (4.0, 3.0), (4.0, 4.05), (None, None), (None, 1.0), (True, 1)):
        ran.message({"speed": ours}, {"speed": theirs}, line={}, told={})
    ran.message({"height": 4}, {"height": 2}, line={}, told={})
    assert (ran.messages, ran.equal, ran.classes) == (7, 1, {"halves": 1})
    assert ran.unexplained == {"speed": 3, "height": 1}
    assert "UNEXPLAINED one | other | speed: 3" in tables([ran], {})

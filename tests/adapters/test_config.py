"""site.toml: the example is true, and every mistake is named by its key."""

import re
from pathlib import Path

import pytest

from adapters.config import EXAMPLE, Config, load, parse
from dispatch.errors import Malformed

SMALLEST = '[site]\nid = "36"\nname = "x"\n[security]\nsecond_factor = "off"\n'


def read(text: str) -> Config:
    """A config from text."""
    return parse(text.encode(), Path())


def test_the_example_is_a_config() -> None:
    """What `ganying config example` prints can be served."""
    config = read(EXAMPLE)
    assert config.site.id == "36"
    assert config.feed[0].kind == "beast"


def test_the_example_with_every_comment_taken_away_is_a_config() -> None:
    """No key in it is misspelt or in the wrong section."""
    config = read(re.sub(r"(?m)^# (?=[a-z_]+ = |\[)", "", EXAMPLE))
    assert config.partner[0].site == "43"
    assert config.federation.ca
    assert config.feed[0].simulated_prefixes == ("78f0",)
    assert [feed.transport for feed in config.feed] == ["tcp", "udp", "tls", "tcp", "tcp"]
    terminals = config.feed_config(config.feed[3])
    assert (terminals.terminals, terminals.secrets) == (Path("terminals.csv").resolve(), config.data)
    assert [config.feed_config(feed).connection_limit for feed in config.feed[2:]] == [256, 512, 1]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[site]\nid = "36"\nname = "x"\nfoo = 1\n', "site.foo"),
        ('[site]\nid = "36"\n', "site.name"),
        ("[site\n", "config"),
        ('[site]\nid = "Jiangxi"\nname = "x"\n', "site.id"),
        (SMALLEST + '[http]\nlisten = "0.0.0.0:80"\n', "http.certificate"),
        (
            SMALLEST + '[http]\nlisten = "0.0.0.0:80"\ncertificate = "a"\nkey = "b"\n',
            "security.second_factor",
        ),
        (SMALLEST + '[http]\nlisten = "nowhere"\n', "http.listen"),
        (SMALLEST + '[http]\ncertificate = "a"\n', "http.key"),
        (SMALLEST + '[[feed]]\nname = "a"\nkind = "beast"\n', "feed[0].listen"),
        (SMALLEST + '[[feed]]\nname = "a"\nkind = "radar"\nlisten = "127.0.0.1:1"\n', "feed[0].kind"),
        (SMALLEST + '[[feed]]\nname = "a"\nkind = "nmea"\nlisten = "127.0.0.1:1"\n', "feed[0].datum"),
        (
            SMALLEST + '[[feed]]\nname = "a"\nkind = "avr"\nlisten = "127.0.0.1:1"\ngroup = "x"\n',
            "feed[0].group",
        ),
        (SMALLEST + '[[feed]]\nname = "a"\nkind = "avr"\nlisten = "127.0.0.1"\n', "feed[0].listen"),
        (SMALLEST + '[[partner]]\nsite = "43"\nname = "y"\nagreement = "z"\n', "federation.certificate"),
        (SMALLEST + '[[partner]]\nsite = "36"\nname = "y"\nagreement = "z"\n', "partner[0].site"),
        (SMALLEST + "[planner]\nassume_daylight = true\n", "planner.assume_daylight"),
        (SMALLEST + '[archive]\nstore = "database"\n', "archive.store"),
        (SMALLEST + "[archive]\ndays = 0\n", "archive.days"),
        (SMALLEST + "[planner]\nseconds = 0\n", "planner.seconds"),
    ],
)
def test_a_mistake_is_named_by_its_key(text: str, field: str) -> None:
    """The person who wrote the file learns where to look."""
    with pytest.raises(Malformed) as caught:
        read(text)
    assert caught.value.field == field


def test_the_files_of_a_feed_are_relative_to_the_file_too() -> None:
    """So that a feed's certificates lie beside site.toml."""
    config = read(re.sub(r"(?m)^# (?=[a-z_]+ = |\[)", "", EXAMPLE))
    assert config.feed_config(config.feed[2]).key == Path("ca/36.key").resolve()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """No traceback for a wrong path."""
    with pytest.raises(Malformed, match="cannot read"):
        load(tmp_path / "no.toml")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A site can be started from anywhere."""
    (tmp_path / "site.toml").write_text(SMALLEST)
    assert load(tmp_path / "site.toml").data == tmp_path / "var/site"

"""openapi.json is true to the server: a schema-driven fuzzer finds nothing that it does not say."""

import os
import sys

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.utils import getProcessOutputAndValue

from adapters.web.server import all_doors
from tests.adapters.web.running import Running

# Every failing answer is described; the fuzzer must not sign itself out, lock itself or run the planner for long.
FUZZ = (
    *("--max-examples=2", "--seed=1", "--no-color", "--phases=fuzzing,stateful", "--exclude-method=DELETE"),
    "--exclude-path=/api/v1/session/lock",
)


# A body that breaks its schema by being very long is refused for its length before it is read.
# A walk takes an id from an answer, and what an answer is not about has an empty one: the path is another door's then.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "405", "409", "429", "5xx"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
"""


@pytest_twisted.ensureDeferred
async def test_a_fuzzer_that_reads_the_description_finds_nothing_else(site: Running) -> None:
    settings = site.folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    out, err, code = await getProcessOutputAndValue(
        sys.executable,
        [
            "-m",
            "schemathesis.cli",
            f"--config-file={settings}",
            "run",
            f"http://127.0.0.1:{site.port}/api/v1/openapi.json",
            "-H",
            f"Authorization: Bearer {site.tokens['dispatcher']}",
            *FUZZ,
        ],
        env={**os.environ, "PYTHONUTF8": "1"},
        path=str(site.folder),
        reactor=reactor,
    )
    assert code == 0, (out + err).decode(errors="replace")[-6000:]
    assert b"generated" in out


@pytest_twisted.ensureDeferred
async def test_the_description_names_every_door_and_its_failures(site: Running) -> None:
    described = (await site.http("GET", "openapi.json")).json
    assert described["openapi"] == "3.1.0"
    names = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert sorted(names) == sorted(door.name for door in all_doors())
    assert len(set(names)) == len(names)
    report = described["paths"]["/api/v1/incidents"]["post"]
    assert report["security"] == [{"session": []}]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "503"} <= set(report["responses"])
    problem = report["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}
    assert "password_hash" not in str(described)

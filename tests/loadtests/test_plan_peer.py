"""The MILP peer's plans are legal by the referee, so that its scores may be laid beside ours."""

import json

import pytest

from loadtests.plan_milp import Peer
from loadtests.plan_peer import main, ours, theirs
from loadtests.scenarios import DATA, scenario


@pytest.mark.parametrize("slot_s", [300.0, 600.0])
def test_the_peers_best_plan_of_a_shared_scenario_is_legal_and_near_the_best_known(slot_s: float) -> None:
    sc = json.loads((DATA / "S-101.json").read_text(encoding="utf-8"))
    peer = theirs(sc, slot_s, 20.0)
    assert (peer.status, peer.violations) == ("optimal", 0)
    assert peer.score is not None
    assert peer.score <= 12_981.189 * 1.05


@pytest.mark.parametrize(
    "twists",
    [
        (),
        ("one_pump",),
        ("one_layer", "tired_crews"),
        ("windows", "small_tanks"),
        ("dry_bases",),
        ("everyone_in_danger",),
    ],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_the_peers_plan_of_a_generated_scenario_is_legal(seed: int, twists: tuple[str, ...]) -> None:
    peer = theirs(scenario("S", seed, twists=twists), 600.0, 20.0)
    assert peer.score is not None
    assert peer.violations == 0


def test_the_race_ends_with_a_plan_that_is_as_good() -> None:
    sc = scenario("S", 3)
    race, score, violations = ours(sc, 1e12, 5.0)
    assert violations == 0
    assert score <= 1e12
    assert race.equal_s is not None
    assert race.first_s is not None
    assert race.first_s <= race.equal_s


def test_locks_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="locks"):
        Peer(scenario("M", 4, roll=True), 600.0)


def test_the_model_of_a_province_has_rows_for_what_is_scarce() -> None:
    peer = Peer(scenario("M", 4), 600.0)
    model = peer.model.proto()
    assert len(model.variables.ids) == len(peer.model.cost) > 1000
    assert len(model.linear_constraints.ids) == len(peer.model.rows)
    rows = model.linear_constraint_matrix.row_ids
    assert list(rows) == sorted(rows)


def test_the_command_has_no_other_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--seconds", "much"])
    assert "invalid float" in capsys.readouterr().err

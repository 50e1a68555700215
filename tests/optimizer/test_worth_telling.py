"""A proposal that nobody asked for must be worth the attention."""

import pytest

from optimizer.worth_telling import worth_telling


@pytest.mark.parametrize(
    ("found", "kept", "sends", "in_force", "changed", "told"),
    [
        (990.0, 1000.0, True, True, True, True),  # one per cent better after a change
        (
            990.0,
            1000.0,
            True,
            True,
            False,
            False,
        ),  # the same where nothing has happened: not worth the unrest
        (970.0, 1000.0, True, True, False, True),
        (996.0, 1000.0, True, True, True, False),
        (1000.0, 1000.0, True, False, True, False),  # what is under way is enough
        (500.0, None, True, True, True, True),  # what is proposed breaks a rule by now
        (500.0, None, False, True, True, True),  # also where nothing can be sent instead
        (500.0, None, False, False, True, False),  # nothing proposed, nothing to send: no news
        (500.0, 1000.0, False, False, True, False),
    ],
)
def test_what_is_told(
    *, found: float, kept: float | None, sends: bool, in_force: bool, changed: bool, told: bool
) -> None:
    """By gain, by whether anything stands, and by whether anything has changed."""
    assert (
        worth_telling(
            found=found, kept=kept, sends=sends, in_force=in_force, changed=changed, uncovered=False
        )
        is told
    )


def test_an_incident_of_which_nothing_is_said_yet_is_always_answered() -> None:
    """Why nothing can be sent is news as well."""
    assert worth_telling(found=1000.0, kept=1000.0, sends=False, in_force=False, changed=True, uncovered=True)

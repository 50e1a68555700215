"""When a plan that nobody asked for is worth a dispatcher's attention. Pure."""

# Of the score, proposed: below it a new proposal only unsettles, more so where nothing has happened.
LEAST_GAIN_CHANGED = 0.005
LEAST_GAIN_UNCHANGED = 0.02


def worth_telling(
    *,
    found: float,
    kept: float | None,
    sends: bool,
    in_force: bool,
    changed: bool,
    uncovered: bool,
) -> bool:
    """Whether to publish a plan.

    `found`: its score, with the charge for every assignment that it changes. `kept`: the score of what is in force and
    under way if nothing is added; None where that breaks a rule by now. `sends`: it proposes an aircraft. `in_force`:
    an open proposal stands, which it would replace. `changed`: the world has changed since that was made.
    `uncovered`: an incident waits of which no open proposal and no tasking says anything: then also that nothing can
    be sent is an answer, with its reasons.
    """
    if uncovered:
        return True
    if kept is None:
        return sends or in_force
    least = LEAST_GAIN_CHANGED if changed else LEAST_GAIN_UNCHANGED
    return (sends or in_force) and found < kept * (1.0 - least)

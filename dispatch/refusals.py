"""Refused acts, kept for the auditor (GB/T 22239-2019 8.1.4.3): who tried what, under which role, and why it was refused.

A refusal changes nothing but the journal. How many are written is bounded where they come in (adapters/refusals.py).
"""

from dispatch import access
from dispatch.commands import Ask
from dispatch.errors import Malformed
from dispatch.facts import Fact
from dispatch.tasking_commands import NoteRefusals
from dispatch.tasking_facts import ActsRefused

MOST_AT_ONCE = 256  # of one fact


def decide_note(ask: Ask, command: NoteRefusals) -> tuple[Fact, ...]:
    """Keep them. Only the site itself says what it has refused."""
    access.require_site(ask, "noting refusals")
    if not 1 <= len(command.refused) <= MOST_AT_ONCE:
        raise Malformed("refused", f"{len(command.refused)} is not 1 to {MOST_AT_ONCE}")
    return (ActsRefused(refused=command.refused),)

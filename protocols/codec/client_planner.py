"""Runs of the planner as consoles are told of them."""

from collections.abc import Iterable

from dispatch.planner_run import PlannerRun
from protocols.codec.common import fill
from protocols.gen import client_pb2


def planner_runs_message(runs: Iterable[PlannerRun]) -> bytes:
    """All runs there are, as one message."""
    message = client_pb2.ServerMessage()
    message.planner_runs.SetInParent()
    for run in runs:
        fill(run, message.planner_runs.runs.add())
    return message.SerializeToString()

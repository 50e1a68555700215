"""What became of asks since the start, for metrics and tests. Counting only; the desk decides nothing from it."""

from dataclasses import dataclass

from adapters.store.clerk import Answer
from adapters.store.receiving import Received
from dispatch.commands import Ask
from dispatch.errors import GanyingError, NotStored


@dataclass(slots=True)
class Tally:
    """One number for each way an ask can end. `busy` and the asks refused while down never reached the queue."""

    answered: int = 0
    repeated: int = 0
    refused: int = 0
    busy: int = 0
    not_stored: int = 0
    defects: int = 0
    batches: int = 0
    received_rows: int = 0

    def count(self, job: Ask | Received, answer: Answer | int | Exception) -> None:
        """Count what a queued job ended with."""
        match answer:
            case Answer(repeated=True):
                self.repeated += 1
            case Answer():
                self.answered += 1
            case int():
                self.received_rows += len(job.rows) if isinstance(job, Received) else 0
            case NotStored():
                self.not_stored += 1
            case GanyingError():
                self.refused += 1
            case _:
                self.defects += 1

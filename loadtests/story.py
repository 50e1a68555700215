"""One story from the alarm to the settlement over the HTTP doors, every role in its own account, proved by the journal.

    python -m loadtests.story [--keep DIR] [--short] [--brief]

A real site is started; CAP in, candidate, the public's report merged, verified, confirmed, run card, plan, orders,
texts, crews, ATC, sorties confirmed from a simulated track, amendment, handover, technical stop, diversion, recall,
close, hours, settlement, archive; kill -9 on the way. At each step the wrong ones are tried too. Then every paper is
read as data and as PDF, key figures are worked out again from what the story did, every refusal is found in the audit,
and every step in the journal, whose chain is verified. Exit status 1 if anything is missing. `--keep` leaves papers,
journal and log in a folder.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from loadtests import story_alarm, story_proof, story_sorties
from loadtests.machine import stamp
from loadtests.story_book import Book, Broken
from loadtests.story_stage import CRAFT, TEXTED, Stage, set_up


def tell(book: Book, stage: Stage) -> str:
    """The whole story; the incident's id. Raises Broken."""
    story_alarm.accounts(book, stage)
    story_alarm.resources(book, stage)
    fire = story_alarm.alarm(book, stage)
    story_alarm.run_card(book, stage, fire)
    made = story_alarm.planned(book, stage, fire)
    story_alarm.ordered(book, stage, made)
    story_sorties.answered(book, stage, made)
    story_sorties.crewed(book, stage)
    own = str(made[CRAFT]["id"])
    stage.craft.switch_on()
    story_sorties.cleared(book, stage, own)
    story_sorties.handed_over(book, stage)
    story_sorties.first_sortie(book, stage, own)
    story_sorties.second_sortie(book, stage, own)
    story_sorties.recalled(book, stage, str(made[TEXTED]["id"]))
    story_sorties.closed(book, stage, fire)
    story_sorties.settled(book, stage, own)
    return fire


def run(folder: Path, *, short: bool) -> tuple[Book, list[str]]:
    """The story and what proves it; what is wrong stands in the book's faults."""
    book, proof = Book(), list[str]()
    stage = set_up(folder, short=short)
    try:
        fire = tell(book, stage)
        proof = story_proof.prove(book, stage, fire, folder)
    except (Broken, AssertionError) as error:
        book.faults.append(f"{book.chapter}: {error}")
        traceback.print_exc()
    finally:
        stage.close()
    return book, proof


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="a folder for papers, journal and log")
    parser.add_argument("--short", action="store_true", help="a near fire, one drop: what the tests run")
    parser.add_argument("--brief", action="store_true", help="refused acts as counts")
    given = parser.parse_args()
    print(stamp())
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        book, proof = run(folder, short=given.short)
    print("\n".join((story_proof.table(book, brief=given.brief), "", *proof)))
    print(f"{time.monotonic() - began:.0f} s in all")
    for fault in book.faults:
        print(f"FAULT {fault}")
    return 1 if book.faults else 0


if __name__ == "__main__":
    sys.exit(main())

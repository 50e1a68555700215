"""AVR text, many frames at once."""
from protocols.beast_batch import Deframer as Deframer

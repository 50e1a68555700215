"""The map of a consultation as video: drawn and encoded in a process of its own, once a second while somebody pulls it."""

"""Which part of the dialogue a word belongs to: what both must have named before it may be said."""

from protocols.codec.link import (
    CertificateAsk,
    CertificateGiven,
    PastAsk,
    PastLeftOut,
    PastPart,
    PastWord,
    VideoOver,
    VideoPiece,
    VideoPull,
    VideoTook,
    Word,
    WordPassed,
)
from protocols.link_greeting import PAST, PAST_RELAY, RENEWAL, ROOMS, VIDEO_PULL, WORD_RELAY


def needs(word: Word | PastWord) -> str:
    """The capability."""
    match word:
        case CertificateAsk() | CertificateGiven():
            return RENEWAL
        case VideoPull() | VideoPiece() | VideoTook() | VideoOver():
            return VIDEO_PULL
        case PastAsk() | PastPart() | PastLeftOut():
            return PAST
        case WordPassed(word=PastAsk() | PastPart()):
            return PAST_RELAY
        case WordPassed():
            return WORD_RELAY
    return ROOMS

"""The closed vocabularies of search patterns (搜索航线)."""

from enum import StrEnum


class SearchPattern(StrEnum):
    """How an area is searched: IAMSAR Manual (ICAO Doc 9731), Volume II, chapter 5."""

    EXPANDING_SQUARE = "expanding_square"  # 扩展正方形 (SS): the place is known well, the area is small
    SECTOR = "sector"  # 扇形 (VS): one aircraft, the place is known very well
    PARALLEL = "parallel"  # 平行线 (PS): a large area, likely everywhere alike; legs along its heading
    CREEPING = "creeping"  # 横移线 (CS): likelier at one end; legs across its heading, advancing along it
    TRACK_LINE = "track_line"  # 航迹线 (TS): along the way that was meant to be taken, there and back


class Turn(StrEnum):
    """To which side the pattern turns from its first leg."""

    RIGHT = "right"
    LEFT = "left"

"""The weather board: the newest of what stations report, in memory, bounded (dispatch/weather.py). Reactor thread only.

After a restart it is empty until the next reports come, which is within the hour; what people entered is in the journal.
"""

from collections import Counter
from collections.abc import Callable

from dispatch.weather import MOST_STATIONS, Station, Weather
from dispatch.world import World
from protocols.weather.read import Read


class Board:
    """What is known of the weather, and where the stations are that were told."""

    def __init__(self) -> None:
        self.told = Weather()
        self.stations: dict[str, Station] = {}
        self.counted: Counter[str] = Counter()  # reports, forecasts, rejected since the start
        self._listeners: list[Callable[[], None]] = []

    def weather(self, world: World) -> Weather:
        """All that is known now, with the entries by hand."""
        return self.told.with_entries(world)

    def places(self, world: World) -> dict[str, Station]:
        """Stations by id: our bases are where airports report from; what was told goes before."""
        bases = {
            base.id: Station(id=base.id, name=base.name, position=base.position, elevation_m=base.elevation_m)
            for base in world.bases.values()
            if base.site == world.site
        }
        return {**bases, **self.stations}

    def take(self, read: Read) -> None:
        """What a body held; listeners are told where it changed anything."""
        before = self.told
        for station in read.stations:
            if station.id in self.stations or len(self.stations) < MOST_STATIONS:
                self.stations[station.id] = station
        for report in read.reports:
            self.told = self.told.with_report(report)
        for forecast in read.forecasts:
            self.told = self.told.with_forecast(forecast)
        self.counted["reports"] += len(read.reports)
        self.counted["forecasts"] += len(read.forecasts)
        self.counted["rejected"] += len(read.rejected)
        if self.told is not before:
            for told in tuple(self._listeners):
                told()

    def subscribe(self, told: Callable[[], None]) -> None:
        """`told` is called after the weather changed."""
        self._listeners.append(told)

"""One Prometheus registry per site: counters are made once by name and shared by whoever asks for them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Named metrics of one site. Two sites in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        """The counter `name` (without `_total`), made on first use."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Counter(name, text, labels, registry=self.registry)
        if not isinstance(made, Counter):
            raise TypeError(f"{name} is not a counter")
        return made

    def gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        """The gauge `name`, made on first use."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Gauge(name, text, labels, registry=self.registry)
        if not isinstance(made, Gauge):
            raise TypeError(f"{name} is not a gauge")
        return made

    def histogram(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
        """The histogram `name`, made on first use."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Histogram(name, text, labels, registry=self.registry)
        if not isinstance(made, Histogram):
            raise TypeError(f"{name} is not a histogram")
        return made

    def text(self) -> bytes:
        """The exposition format, for /metrics."""
        return generate_latest(self.registry)

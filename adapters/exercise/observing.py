"""How many aircraft a site's picture shows, asked by its public doors, from a process without a reactor."""

import http.client
import json
from dataclasses import dataclass

WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Aircraft with a position, simulated and not."""

    simulated: int
    recorded: int

    def covers(self, wanted: "Observed") -> bool:
        """Whether there are at least as many."""
        return self.simulated >= wanted.simulated and self.recorded >= wanted.recorded


NOTHING = Observed(simulated=0, recorded=0)


class Observer:
    """One account's view of the site at `address` (host:port); signs in once."""

    def __init__(self, address: str, account: str, password: str) -> None:
        self._address = address
        self._body = json.dumps({"account": account, "password": password}).encode()
        self._token = ""

    def look(self) -> Observed:
        """What is there now; nothing while the site does not answer."""
        try:
            if not self._token:
                self._token = str(self._call("POST", "/api/v1/session", self._body)["token"])
            features = self._call("GET", "/api/v1/tracks", None)["features"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            self._token = ""
            return NOTHING
        simulated = sum(1 for feature in features if feature["properties"]["simulated"])
        return Observed(simulated=simulated, recorded=len(features) - simulated)

    def _call(
        self, method: str, path: str, body: bytes | None
    ) -> "dict[str, list[dict[str, dict[str, bool]]]]":
        connection = http.client.HTTPConnection(self._address, timeout=WAIT_S)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            connection.request(method, path, body, headers)
            answer: dict[str, list[dict[str, dict[str, bool]]]] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

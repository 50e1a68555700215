"""Every way a request can fail, as values with a stable code.

`Malformed` is the sender's fault and names the field; `Refused` is a rule's answer;
`Busy` and `NotStored` say that nothing was recorded and the same key may be tried again.
Anything else that is raised is a defect and is logged with its traceback.
"""


class GanyingError(Exception):
    """Base of all typed errors. `code` is stable and public; `detail` is for people; `field` may be empty."""

    def __init__(self, code: str, detail: str, *, field: str = "") -> None:
        super().__init__(f"{code}: {field + ': ' if field else ''}{detail}")
        self.code = code
        self.detail = detail
        self.field = field


class Malformed(GanyingError):
    """Input that cannot be read: whose fault it is and which field, in a path like `position.lat_deg`."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("MALFORMED", detail, field=field)


class Refused(GanyingError):
    """A rule says no. `version` is the entity's present version where the caller's was stale (code CHANGED)."""

    def __init__(self, code: str, detail: str, *, field: str = "", version: int | None = None) -> None:
        super().__init__(code, detail, field=field)
        self.version = version


class Forbidden(GanyingError):
    """The role under which the caller acts may not do this."""

    def __init__(self, detail: str) -> None:
        super().__init__("FORBIDDEN", detail)


class Unknown(GanyingError):
    """No such thing, or none that this caller may see."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("UNKNOWN_ID", detail, field=field)


class KeyReused(GanyingError):
    """The idempotency key was used before with another body; the first answer stands."""

    def __init__(self, command_id: str) -> None:
        super().__init__(
            "KEY_REUSED", f"key {command_id!r} was used with another body", field="Idempotency-Key"
        )


class Busy(GanyingError):
    """The desk's queue is full: nothing was recorded, try again."""

    def __init__(self) -> None:
        super().__init__("BUSY", "too many commands are waiting; nothing was recorded")


class NotStored(GanyingError):
    """The journal could not be written: nothing was recorded, try again with the same key."""

    def __init__(self, detail: str) -> None:
        super().__init__("NOT_STORED", detail)

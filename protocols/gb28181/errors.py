"""What can be wrong with what comes in; the code is counted, the detail is logged."""


class BadGb(ValueError):
    """Their fault. `code` names it: BAD_SIP, BAD_SDP, BAD_XML, BAD_ID, or of digest.py."""

    def __init__(self, code: str, field: str, detail: str = "") -> None:
        super().__init__(f"{field}: {detail}" if detail else field)
        self.code, self.field, self.detail = code, field, detail

"""Write what may be done, and by whom, as data for the page: the same tables the server decides by.

Run by build.sh; the page offers what these tables allow and the server enforces them. Nothing is repeated by hand.
"""

import json
import sys

from dispatch import access, airspace, incident, tasking
from dispatch.freshness import LIMITS
from dispatch.kinds import AirspaceAction, IncidentAction


# incident.decide_act and airspace.decide_act refuse these without a reason.
INCIDENT_REASON = (IncidentAction.DISMISS, IncidentAction.STAND_DOWN)
AIRSPACE_REASON = (AirspaceAction.REFUSE, AirspaceAction.COUNTER, AirspaceAction.REVOKE)


def machine(lifecycle, acts, needs_reason):
    table = {}
    for (state, action), following in lifecycle.table.items():
        table.setdefault(str(state), {})[str(action)] = str(following)
    return {
        "initial": str(lifecycle.initial),
        "table": table,
        "roles": {str(action): sorted(map(str, roles)) for action, roles in acts.items()},
        "needs_reason": sorted(map(str, needs_reason)),
    }


def main():
    document = {
        "incident": machine(incident.LIFECYCLE, access.INCIDENT_ACTS, INCIDENT_REASON),
        "tasking": machine(tasking.LIFECYCLE, access.TASKING_ACTS, tasking.NEEDS_REASON),
        "airspace": machine(airspace.LIFECYCLE, access.AIRSPACE_ACTS, AIRSPACE_REASON),
        "doors": {
            "report": sorted(map(str, access.REPORT_INCIDENT)),
            "share": sorted(map(str, access.SHARE_INCIDENT)),
            "update": sorted(map(str, access.UPDATE_INCIDENT)),
            "ask_plan": sorted(map(str, access.ASK_PLAN)),
            "adopt": sorted(map(str, access.ADOPT_PLAN)),
            "save_identity": sorted(map(str, access.SAVE_IDENTITY)),
            "report_position": sorted(map(str, access.REPORT_POSITION)),
        },
        "limits_s": {str(kind): list(limits) for kind, limits in LIMITS.items()},
        "plannable": sorted(map(str, incident.PLANNABLE)),
    }
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


main()

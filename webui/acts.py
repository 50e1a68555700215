"""Write what may be done, and by whom, as data for the page: the same tables the server decides by.

Run by build.sh; the page offers what these tables allow and the server enforces them. Nothing is repeated by hand.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dispatch import access, airspace_state, consent, enrol, incident, tasking
from dispatch.aid_state import ASK_AID, ASKING_ACTS, HELPING_ACTS
from dispatch.alert_limits import limits_at
from dispatch.freshness import LIMITS
from dispatch.kinds import AirspaceAction, IncidentAction, Role
from dispatch.papers.kinds import READERS
from dispatch.traffic_area_stack import BY_KIND, FROM_ABOVE
from dispatch.views import COSTS, NO_OPERATIONS, STAFF

# incident.decide_act and airspace.decide_act refuse these without a reason.
INCIDENT_REASON = (IncidentAction.DISMISS, IncidentAction.STAND_DOWN)
AIRSPACE_REASON = (AirspaceAction.REFUSE, AirspaceAction.COUNTER, AirspaceAction.REVOKE)


def machine(
    lifecycle: Any, acts: Mapping[Any, Iterable[Role]], needs_reason: Iterable[StrEnum]
) -> dict[str, Any]:
    """One life-cycle: its table, who may do what, and what asks for a reason."""
    table: dict[str, dict[str, str]] = {}
    for (state, action), following in lifecycle.table.items():
        table.setdefault(str(state), {})[str(action)] = str(following)
    return {
        "initial": str(lifecycle.initial),
        "table": table,
        "roles": {str(action): sorted(map(str, roles)) for action, roles in acts.items()},
        "needs_reason": sorted(map(str, needs_reason)),
    }


def main() -> None:
    """Write the document to standard output."""
    alerts = limits_at(datetime.now(UTC))
    document = {
        "incident": machine(incident.LIFECYCLE, access.INCIDENT_ACTS, INCIDENT_REASON),
        "tasking": machine(tasking.LIFECYCLE, access.TASKING_ACTS, tasking.NEEDS_REASON),
        "airspace": machine(airspace_state.LIFECYCLE, access.AIRSPACE_ACTS, AIRSPACE_REASON),
        "doors": {
            "report": sorted(map(str, access.REPORT_INCIDENT)),
            "share": sorted(map(str, access.SHARE_INCIDENT)),
            "verify": sorted(map(str, access.VERIFY_INCIDENT)),
            "update": sorted(map(str, access.UPDATE_INCIDENT)),
            "correct": sorted(map(str, access.CORRECT_INCIDENT)),
            "run_card": sorted(map(str, access.APPLY_CARD)),
            "save_video": sorted(map(str, access.SAVE_VIDEO)),
            "see_gb28181": sorted(map(str, access.SEE_GB28181)),
            "ask_video": sorted(map(str, access.ASK_VIDEO)),
            "answer_video": sorted(map(str, access.ANSWER_VIDEO)),
            "see_video": sorted(map(str, access.SEE_VIDEO)),
            "export_video": sorted(map(str, access.EXPORT_VIDEO)),
            "see_clips": sorted(map(str, access.SEE_CLIPS)),
            "ask_plan": sorted(map(str, access.ASK_PLAN)),
            "adopt": sorted(map(str, access.ADOPT_PLAN)),
            "file_airspace": sorted(map(str, access.FILE_AIRSPACE)),
            "see_conflicts": sorted(map(str, access.SEE_CONFLICTS)),
            "ask_desk": sorted(map(str, access.ASK_DESK)),
            "answer_atc": sorted(map(str, access.ANSWER_ATC)),
            "open_room": sorted(map(str, access.OPEN_ROOM)),
            "draw_search": sorted(map(str, access.DRAW_SEARCH)),
            "send_uplink": sorted(map(str, access.SEND_UPLINK)),
            "make_traffic_area": sorted(map(str, access.MAKE_TRAFFIC_AREA)),
            "record_intrusion": sorted(map(str, access.RECORD_INTRUSION)),
            "clear_intrusion": sorted(map(str, access.CLEAR_INTRUSION)),
            "see_weather": sorted(str(role) for role in Role if role not in NO_OPERATIONS),
            "enter_weather": sorted(map(str, access.ENTER_WEATHER)),
            "end_hazard": sorted(map(str, access.END_HAZARD)),
            "save_volume": sorted(map(str, access.SAVE_VOLUME)),
            "handle_alert": sorted(map(str, access.HANDLE_ALERT)),
            "inhibit_net": sorted(map(str, access.INHIBIT_NET)),
            "declare_closure": sorted(map(str, access.DECLARE_CLOSURE)),
            "fitness": sorted(map(str, STAFF | {Role.OPERATOR})),
            "save_identity": sorted(map(str, access.SAVE_IDENTITY)),
            "see_devices": sorted(map(str, access.SEE_DEVICES)),
            "see_links": sorted(map(str, consent.SEE)),
            "propose_consent": sorted(map(str, consent.PROPOSE)),
            "sign_consent": sorted(map(str, consent.SIGN)),
            "revoke_consent": sorted(map(str, consent.REVOKE)),
            "invite_site": sorted(map(str, enrol.INVITE)),
            "label_record": sorted(map(str, consent.LABEL)),
            "see_audit": sorted(map(str, access.SEE_AUDIT)),
            "callouts": sorted(map(str, COSTS)),
            "phone_instead": sorted(map(str, access.PHONE_INSTEAD)),
            "see_kpis": sorted(map(str, access.SEE_KPIS)),
            "print_fallback": sorted(map(str, access.PRINT_FALLBACK)),
            "see_duty": sorted(map(str, access.SEE_DUTY)),
            "see_logbook": sorted(map(str, access.SEE_LOGBOOK)),
            "hand_over": sorted(map(str, access.HAND_OVER)),
            "write_note": sorted(map(str, access.WRITE_NOTE)),
            "see_accounts": sorted(map(str, access.SEE_ACCOUNTS)),
            "flight_message": sorted(map(str, access.SEE_FLIGHT_MESSAGE)),
            "read_documents": sorted({str(role) for roles in READERS.values() for role in roles}),
            "record_water": sorted(map(str, access.RECORD_WATER)),
            "sign_hours": sorted(map(str, access.SIGN_HOURS)),
            "see_aid": sorted(map(str, STAFF)),
            "ask_aid": sorted(map(str, ASK_AID)),
            **{f"aid_asking_{one}": sorted(map(str, roles)) for one, roles in ASKING_ACTS.items()},
            **{f"aid_helping_{one}": sorted(map(str, roles)) for one, roles in HELPING_ACTS.items()},
            "report_position": sorted(map(str, access.REPORT_POSITION)),
        },
        "alert_limits": {
            "shelve_minutes": {str(level): most for level, most in alerts.shelve_minutes.items()},
            "inhibit_minutes": alerts.inhibit_minutes,
            "never_inhibited": sorted(map(str, alerts.never_inhibited)),
            "flood": alerts.flood,
            "flood_s": alerts.flood_s,
        },
        "limits_s": {str(kind): list(limits) for kind, limits in LIMITS.items()},
        "traffic_layers": {
            "by_kind": {str(kind): list(map(str, layers)) for kind, layers in BY_KIND.items()},
            "from_above": list(map(str, FROM_ABOVE)),
        },
        "plannable": sorted(map(str, incident.PLANNABLE)),
    }
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


main()

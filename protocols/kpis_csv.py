"""Key figures as CSV for a spreadsheet: UTF-8 with a byte-order mark, one row a figure, with its Chinese name."""

import csv
import io

from dispatch.kpis import Kpi, Kpis

BOM = "\ufeff"  # without it a Chinese Excel reads UTF-8 as GBK
HEADS = (
    "key",
    "指标",
    "unit",
    "value",
    "n",
    "p90",
    "worst",
    "target",
    "within_target",
    "reason",
    "parts",
    "from",
    "to",
    "drill",
)
NAMES = {
    "verify": "核实用时（中位）",
    "decision": "核实到下达（中位）",
    "on_scene": "接报到首机到场（中位）",
    "false_alarm_share": "误报警率",
    "ack": "下达到应答（中位）",
    "airborne": "下达到升空（中位）",
    "eta_error": "到场偏差（中位）",
    "launches_refused": "未能出动",
    "airspace_answer": "空域批复用时（中位）",
    "airspace_late": "空域批复超时率",
    "sorties": "起落次数",
    "flight_hours": "飞行小时",
    "cost": "飞行费用",
    "tonnes_per_hour": "每作业小时水量",
    "tonnes_per_flight_hour": "每飞行小时水量",
    "minutes_per_bucket": "每桶用时",
    "cost_per_tonne": "每吨水费用",
    "answer": "接警用时",
    "first_drop": "接报到首次投水",
    "contracted_hours_use": "合同小时利用率",
    "duty_breaches": "值勤超限",
    "alerts_per_hour": "每小时告警",
    "alert_floods": "告警洪峰占比",
    "standing_alerts": "常驻告警（中位）",
    "chattering_alerts": "反复告警",
    "alerts_shelved": "搁置占比",
    "false_alert_share": "误告警率",
    "link_availability": "链路可用率",
    "report_punctuality": "信息报送及时率",
}


def write(kpis: Kpis) -> bytes:
    """The figures as a file."""
    out = io.StringIO()
    out.write(BOM)
    lines = csv.writer(out)
    lines.writerow(HEADS)
    for each in kpis.kpis:
        lines.writerow(
            (
                each.key,
                NAMES[each.key],
                each.unit,
                *(_figure(value) for value in (each.value, each.n, each.p90, each.worst, each.target)),
                _figure(each.within),
                each.reason,
                _parts(each),
                kpis.begin.isoformat(),
                kpis.end.isoformat(),
                "演练" if kpis.simulated else "",
            )
        )
    return out.getvalue().encode()


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if abs(value) < 1e6 else f"{value:.2f}"


def _parts(kpi: Kpi) -> str:
    return "; ".join(f"{part.code}={part.count}" for part in kpi.parts)

"""`ganying resources` on a site that never ran and beside a running one."""

from pathlib import Path

import adapters.data
from tests.journeys.running import RunningSite

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
HEAD = "id,name,lon_deg,lat_deg,elevation_m,source\n"


def facts(site: RunningSite) -> int:
    """How many rows the journal has."""
    return len(site.command("journal", "list").stdout.splitlines())


def test_shipped_data_loads_before_the_first_start_and_only_once(tmp_path: Path) -> None:
    site = RunningSite(tmp_path)
    first = site.command("resources", "load-jiangxi").stdout
    assert "bases: 14 saved, 0 unchanged, 0 refused" in first
    assert "aircraft: 12 saved" in first
    rows = facts(site)
    assert rows == 14 + 34 + 9 + 6 + 12 + 2 + 9 + 24 + 9 + 7 + 20 + 8 + 18 + 6
    again = site.command("resources", "load-jiangxi").stdout
    assert "bases: 0 saved, 14 unchanged, 0 refused" in again
    assert facts(site) == rows


def test_file_with_faults_changes_nothing_and_names_them_all(tmp_path: Path) -> None:
    site = RunningSite(tmp_path)
    table = tmp_path / "hospitals.csv"
    table.write_text(HEAD + "H1,a,115,28,30,test\nH2,b,915,28,30,test\nH3,c,115,28,high,test\n")
    refused = site.command("resources", "import", "hospitals", str(table), ok=False)
    assert refused.returncode == 2
    assert "line 3, column lon_deg" in refused.stderr
    assert "line 4, column elevation_m" in refused.stderr
    assert site.command("resources", "export", "hospitals").stdout.count("\n") == 1


def test_row_that_a_rule_refuses_is_named_and_the_others_stand(tmp_path: Path) -> None:
    site = RunningSite(tmp_path)
    heading, good, *_ = (JIANGXI / "aircraft.csv").read_text(encoding="utf-8").splitlines()
    site.command("resources", "import", "bases", str(JIANGXI / "bases.csv"))
    table = tmp_path / "aircraft.csv"
    lost = good.replace("B-70G1", "B-70G9").replace("78f001", "78f009").replace("JX-JA", "NOWHERE")
    table.write_text(f"{heading}\n{lost}\n{good}\n", encoding="utf-8")
    done = site.command("resources", "import", "aircraft", str(table), ok=False)
    assert done.returncode == 1
    assert "B-70G9: MALFORMED home_base_id" in done.stderr
    assert "aircraft: 1 saved, 0 unchanged, 1 refused" in done.stdout


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    site = RunningSite(tmp_path)
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, said in ((tmp_path / "missing.csv", "cannot read"), (binary, "not UTF-8")):
        refused = site.command("resources", "import", "bases", str(path), ok=False)
        assert refused.returncode == 2
        assert said in refused.stderr


def test_beside_a_running_server_what_is_exported_imports_again(tmp_path: Path) -> None:
    site = RunningSite(tmp_path)
    site.command("resources", "load-jiangxi")
    site.start()
    try:
        out = tmp_path / "water_points.csv"
        site.command("resources", "export", "water_points", "--out", str(out))
        text = out.read_text(encoding="utf-8")
        out.write_text(text.replace("柘林湖", "柘林湖（庐山西海）"), encoding="utf-8")
        changed = site.command("resources", "import", "water_points", str(out)).stdout
        assert changed == "water_points: 1 saved, 33 unchanged, 0 refused\n"
        assert "庐山西海" in site.command("resources", "export", "water_points").stdout
    finally:
        assert site.stop() == 0

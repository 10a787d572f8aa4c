"""Writes deploy/grafana/dashboard.json from deploy/grafana/panels.yaml."""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

import yaml
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from model.artifacts import write_atomically
from model.locations import ROOT
from scripts.cli import run

FOLDER = ROOT / "deploy" / "grafana"
PANELS, DASHBOARD = FOLDER / "panels.yaml", FOLDER / "dashboard.json"
DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
HALF_WIDTH, HEIGHT = 12, 8  # of Grafana's 24 columns; in its rows


def panel_of(described: dict[str, Any]) -> Panel:
    """A panel of lines over time, one query or more."""
    panel = (
        Panel()
        .title(described["title"])
        .description(described["description"])
        .unit(described["unit"])
        .min(0)
        .datasource(DATASOURCE)
        .span(HALF_WIDTH)
        .height(HEIGHT)
    )
    for number, query in enumerate(described["queries"]):
        target = Dataquery().expr(query["expr"].strip()).legend_format(query["legend"]).ref_id(chr(ord("A") + number))
        panel.with_target(target.datasource(DATASOURCE))
    return panel


def dashboard_json() -> str:
    """The dashboard, as Grafana loads it."""
    dashboard = (
        Dashboard("Handwritten digits")
        .uid("digits")
        .tags(["digits"])
        .editable()
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for row in yaml.safe_load(PANELS.read_text(encoding="utf-8")):
        dashboard.with_row(Row(row["row"]))
        for described in row["panels"]:
            dashboard.with_panel(panel_of(described))
    return JSONEncoder(sort_keys=True, indent=2).encode(dashboard.build()) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--output", type=Path, default=DASHBOARD, help="the dashboard to write")
    options = parser.parse_args()

    write_atomically(options.output, lambda file: file.write_text(dashboard_json(), encoding="utf-8"))
    print(options.output)
    return 0


if __name__ == "__main__":
    run(main)

"""Compares trained networks: each is exported, packed and read as a release would be, then measured on every set."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.errors import ArtifactError
from model.locations import COMPARISON, ROOT
from scripts.cli import add_data_option, run
from serving.console import say


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("runs", type=Path, nargs="*", help="run folders (default: each in runs/ that holds a best.pt)")
    parser.add_argument("--output", type=Path, default=COMPARISON, help="where all numbers go")
    options = parser.parse_args()

    # Slow to import: --help and a wrong option need none of it.
    from model.artifacts import write_json
    from model.data.evaluation_sets import nondigit_sets, test_sets, validation_sets, what_is_missing
    from model.evaluation.tables import comparison_table
    from release.comparison import digit_runs, measure_run

    runs = options.runs or digit_runs(ROOT / "runs")
    if not runs:
        raise ArtifactError("no run folder holds a best.pt; train one with `make train`")

    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        validation, nondigits = validation_sets(options.data, bar.update), nondigit_sets(bar.update)
        tests = test_sets(options.data, bar.update)
    for line in what_is_missing():
        say(line)
    compared = {}
    for folder in tqdm(runs, desc="measuring", unit=" networks"):
        compared[folder.name] = measure_run(folder, validation, tests, nondigits)
    write_json(options.output, compared)
    print(comparison_table(compared))
    return 0


if __name__ == "__main__":
    run(main)

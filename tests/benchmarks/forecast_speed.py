"""Time training and scoring against one plain gradient boosting on the same rows, in turn.

Both read the customer features of a made-up shop from work.db. The peer fits a
`HistGradientBoostingClassifier` with scikit-learn's defaults on every past row and gives each
customer of the latest snapshot a probability. Tillsight fits, compares, judges and explains, and
writes model, figures and predictions. Run it with `make bench`, or
`python -m tests.benchmarks.forecast_speed --customers 100000 --runs 3`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts import pipeline
from scripts.demo.files import write_demo
from scripts.project import Project
from scripts.settings import read_settings
from tests.benchmarks.measure import Usage, measured, middle

PEER = """
import sqlite3, sys
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from ml.settings import FEATURES, LABEL

names = ", ".join(FEATURES)
work = sqlite3.connect(sys.argv[1])
past = work.execute(f"select {LABEL}, {names} from customer_features where snapshot_number > 0")
rows = np.array(past.fetchall(), dtype=float)
latest = work.execute(f"select {names} from customer_features where snapshot_number = 0")
model = HistGradientBoostingClassifier(random_state=0).fit(rows[:, 1:], rows[:, 0])
model.predict_proba(np.array(latest.fetchall(), dtype=float))

"""

OURS = """
import sys
from pathlib import Path
from ml.data.features import SqliteFeatures
from ml.predict import predict
from ml.train import train

work_db, folder = Path(sys.argv[1]), Path(sys.argv[2])
train(SqliteFeatures(work_db), folder / "raw.db", folder / "models")
predict(SqliteFeatures(work_db), folder / "raw.db", folder / "models")
"""


def measure(script: str, work_db: Path) -> Usage:
    """Run a script on the features, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return measured([sys.executable, "-c", script, work_db, folder], Path.cwd())


def main() -> None:
    """Make a shop and its features, measure in turn, print medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work-db", type=Path, help="Features that are there already.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work_db = options.work_db
        if work_db is None:
            settings = read_settings(data_dir=Path(folder), environment={})
            files = write_demo(settings.demo_dir, customers=options.customers)
            pipeline.load_files(
                Project.create(settings), [files.customers, files.products, files.transactions]
            )
            pipeline.build_features(Project.create(settings))
            work_db = settings.work_db
        scripts = {"plain boosting": PEER, "tillsight": OURS}
        found: dict[str, list[Usage]] = {name: [] for name in scripts}
        for _ in range(options.runs):
            for name, script in scripts.items():
                found[name].append(measure(script, work_db))
    show({name: middle(usages) for name, usages in found.items()})


def show(usages: Mapping[str, Usage]) -> None:
    """Print what each took, and its ratio to the first one, the peer."""
    peer, *_ = usages.values()
    for name, usage in usages.items():
        ratio = usage.seconds / peer.seconds
        print(f"{name:16}{usage.seconds:8.1f} s {ratio:8.2f} x {usage.megabytes:8.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()

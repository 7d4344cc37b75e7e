"""Send a large picture once, and classify many places in it.

Needs a running server: ``zoobridge serve examples/zoo``.
"""

import csv
from pathlib import Path

import zoobridge
from zoobridge.client import Region

mosaic = Path(__file__).parent / "pictures" / "mosaic"

with (mosaic / "regions.csv").open(encoding="utf-8", newline="") as file:
    regions = [
        Region(int(row["x"]), int(row["y"]), int(row["width"]), int(row["height"]), id=row["id"])
        for row in csv.DictReader(file)
    ]

with zoobridge.connect() as client:
    results = client.classify("textures", mosaic / "mosaic.jpg", regions=regions, top_k=1)

for result in results:
    print(result.region, result.label, f"{result.score:.3f}")

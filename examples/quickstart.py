"""From a running server (``zoobridge serve examples/zoo``) to a pandas DataFrame."""

from pathlib import Path

import zoobridge

client = zoobridge.connect()
table = client.classify("digits", Path(__file__).parent / "pictures" / "digits").to_pandas()
print(table)

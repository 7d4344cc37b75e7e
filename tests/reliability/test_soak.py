"""Mixed use of a server, a short while of it: all is right, and what it took is drawn."""

from xml.etree import ElementTree as ET

import soak
from sized import sized


def test_mixed_use_leaves_every_answer_right_and_the_curves_flat(tmp_path):
    samples, use = soak.soak(tmp_path, seconds=sized(4, 120))
    assert use.wrong == []
    assert use.done["unary"]
    assert use.done["mistakes"]
    assert use.done["dropped"]
    drawn = ET.fromstring(soak.draw(samples))
    assert len(drawn.findall(".//{*}polyline")) == len(soak.TITLES)
    rises = soak.drift(samples)
    print(f"\nrises: {rises}")
    assert rises["descriptors"] < sized(0.5, 0.05)
    assert rises["server_mebibytes"] < sized(0.5, 0.05)

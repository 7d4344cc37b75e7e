"""The documentation of ``config.zoobridge`` is what its model says."""

from pathlib import Path

from zoobridge.imaging import Fit, Interpolation
from zoobridge.zoo import ScoreKind
from zoobridge.zoo._colors import distinct_colors
from zoobridge.zoo._package_config import PackageConfig, config_table

PAGE = Path(__file__).parents[2] / "docs" / "zoo-format.md"


def test_the_table_in_the_documentation_is_up_to_date():
    assert config_table() in PAGE.read_text("utf-8")


def test_every_choice_is_one_that_the_bridge_knows():
    schema = PackageConfig.model_json_schema()["properties"]
    assert set(schema["fit"]["enum"]) == {fit.value for fit in Fit}
    assert set(schema["interpolation"]["enum"]) == {way.value for way in Interpolation}
    assert set(schema["score_kind"]["anyOf"][0]["enum"]) == {kind.value for kind in ScoreKind}


def test_colours_are_distinct_and_do_not_depend_on_the_count():
    colors = distinct_colors(48)
    assert len(set(colors)) == 48
    assert distinct_colors(5) == colors[:5]
    assert all(len(color) == 7 and color.startswith("#") for color in colors)

import pytest

from napari_zoobridge._items import Item, ItemKind
from napari_zoobridge._records import answered
from zoobridge.client import ClassScore, Model, ModelIdentity, ModelInput, Result
from zoobridge.errors import ModelInputError

LABELS = ("brick", "grass", "gravel")
COLORS = ("#ff0000", "#00ff00", "#0000ff")


@pytest.fixture
def model():
    return Model(
        id="textures",
        version="1",
        input=ModelInput("CYX", channel_names=("red", "green", "blue")),
        labels=LABELS,
        label_colors=COLORS,
    )


@pytest.fixture
def make_record():
    """Make the record of an item: of a class with its score, or of an error."""

    def make(kind, index, label="", score=None, *, plane=None, box=None, error="", scores=None):
        item = Item(ItemKind(kind), index, plane or {}, box)
        top = (ClassScore(LABELS.index(label), label, score),) if label else ()
        result = Result(
            image="sent",
            label=label,
            score=score,
            top=top,
            scores=scores,
            error=ModelInputError(error) if error else None,
            model=ModelIdentity("textures", "1", "abc", "onnx"),
        )
        return answered(item, "photo", result)

    return make

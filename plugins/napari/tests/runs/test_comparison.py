from napari_zoobridge.runs import Comparison, Update
from napari_zoobridge.targets import place_of, plan_grid
from zoobridge.errors import ZooBridgeError


def test_a_comparison_asks_each_model_and_outlives_the_failure_of_one(viewer, client, photo):
    image = viewer.add_image(photo)
    plan = plan_grid(place_of(image, "YX", viewer.dims.point), 160, 160)
    frameworks = client.model("textures").frameworks
    contestants = {name: ("textures", name) for name in frameworks} | {"gone": ("gone", "")}
    news = list(Comparison(client, contestants, plan).updates(0.0))
    labels = {
        name: [
            record.label
            for who, update in news
            if who == name and isinstance(update, Update)
            for record in sorted(update.records, key=lambda record: record.item.index)
        ]
        for name in frameworks
    }
    assert len(labels) >= 1
    assert len({tuple(one) for one in labels.values()}) == 1
    (failure,) = [one for who, one in news if isinstance(one, ZooBridgeError)]
    assert "gone" in failure.message

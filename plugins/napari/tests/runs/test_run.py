"""Runs against a real server on the demo zoo, without a window; the Python client is the oracle."""

import json
import subprocess
import sys
import threading

import dask.array
import numpy as np
import pytest
import tifffile
from napari.layers import Image

from napari_zoobridge._samples import digits, textures
from napari_zoobridge.layers import ellipse_outline, polygon_mask
from napari_zoobridge.results import Look, in_own_words, present
from napari_zoobridge.runs import Options, Run, StoppedError, Update, joined
from napari_zoobridge.targets import (
    place_of,
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)
from zoobridge.client import Region, connect
from zoobridge.errors import UnknownModelError


def finish(run):
    """Run to the end; the records in the items' order."""
    updates = list(run.updates())
    assert updates[0].records == ()
    assert updates[-1].done == updates[-1].total == updates[0].total
    records = [record for update in updates for record in update.records]
    return sorted(records, key=lambda record: record.item.index)


def same(records, results):
    """Tell whether records say what the client's results say."""
    assert len(records) == len(results)
    for record, result in zip(records, results, strict=True):
        assert record.error == ("" if result.error is None else in_own_words(result.error))
        assert record.result.label == result.label
        assert record.result.score == pytest.approx(result.score, abs=1e-6)
        assert record.result.model == result.model
        assert record.result.conversions == result.conversions


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda stack: stack,
        lambda stack: np.where(stack > 0.99, np.nan, stack),
        lambda stack: stack * 9000,
    ],
    ids=["unit and beyond", "not a number", "wide"],
)
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_a_stack_whose_planes_differ_is_answered_as_every_other_client_is(
    client, served, photo, tmp_path, spoilt, dtype
):
    # The first plane alone would pass for 0…1; the stack as a whole does not.
    stack = np.stack([photo / 255, photo / 255 * 200, photo / 255 * 3]).astype(np.float32)
    if dtype == "float32":
        stack = spoilt(stack)
    stack = np.nan_to_num(stack).astype(dtype) if dtype == "int16" else stack
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, stack, metadata={"axes": "ZYX"}, photometric="minisblack")

    place = place_of(Image(stack, name=str(path)), "ZYX", (0, 0, 0))
    records = finish(Run(client, "digits", plan_planes(place, ("Z",))))
    with connect(served.address, token=served.token) as other:
        same(records, other.classify("digits", path))
        same(records, other.classify("digits", stack, axes="ZYX"))
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", "classify", "digits", path, "--format", "jsonl"],
        env=served.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] or "" for line in lines] == [record.result.label for record in records]


@pytest.mark.parametrize("tiled", [False, True], ids=["planes", "tiles"])
def test_a_stack_of_floats_that_is_read_as_it_is_wanted_is_judged_by_all_that_is_sent(
    client, photo, tiled
):
    stack = np.stack([photo / 255, photo / 255 * 200, photo / 255 * 3]).astype(np.float32)
    lazy = dask.array.from_array(stack, chunks=(1, *photo.shape))
    records = []
    for pixels in (stack, lazy):
        place = place_of(Image(pixels, name="stack"), "ZYX", (0, 0, 0))
        side = max(photo.shape)
        plan = plan_grid(place, side, side, ("Z",)) if tiled else plan_planes(place, ("Z",))
        records.append(finish(Run(client, "digits", plan)))
    same(records[1], [record.result for record in records[0]])
    # The first plane alone would pass for 0…1.
    details = [one.detail for record in records[1] for one in record.result.conversions]
    assert not any("unit_range" in detail for detail in details)


def test_a_lone_plane_that_is_read_as_it_is_wanted_is_judged_by_itself(client, photo):
    stack = np.stack([photo / 255, photo / 255 * 200]).astype(np.float32)
    lazy = dask.array.from_array(stack, chunks=(1, *photo.shape))
    place = place_of(Image(lazy, name="stack"), "ZYX", (0, 0, 0))
    records = finish(Run(client, "digits", plan_planes(place)))
    same(records, client.classify("digits", stack[0], axes="YX"))
    assert any("lie in 0…1" in one.notice for one in records[0].result.conversions)


def as_rgb(photo):
    return np.stack([photo, photo[::-1], 255 - photo], axis=-1)


@pytest.mark.parametrize(
    ("make", "axes", "rgb"),
    [
        (lambda photo: photo, "YX", False),
        (lambda photo: photo.astype(np.uint16) * 257, "YX", False),
        (lambda photo: photo.astype(np.float32), "YX", False),
        (as_rgb, "YXC", True),
        (lambda photo: np.moveaxis(as_rgb(photo), -1, 0), "CYX", False),
        (lambda photo: photo.T, "XY", False),
    ],
    ids=["8-bit", "16-bit", "float", "rgb", "channels first", "turned"],
)
def test_a_plane_of_any_kind_is_answered_as_by_the_client(viewer, client, photo, make, axes, rgb):
    pixels = make(photo)
    layer = viewer.add_image(pixels, rgb=rgb)
    plan = plan_planes(place_of(layer, axes, viewer.dims.point))
    records = finish(Run(client, "textures", plan))
    results = client.classify("textures", np.ascontiguousarray(pixels), axes=axes)
    same(records, results)


def test_shapes_are_answered_as_by_the_client_with_the_same_masks(viewer, client, photo):
    image, (outlines, look, _) = viewer.add_image(photo), textures()[1]
    shapes = viewer.add_shapes(outlines, **look)
    plan = plan_shapes(
        place_of(image, "YX", viewer.dims.point), shapes, selected=False, masked=True
    )
    records = finish(Run(client, "textures", plan, Options(mask_fill="mean", top_k=3)))
    regions = []
    for item, kind, vertices in zip(
        plan.items(lambda: None), shapes.shape_type, shapes.data, strict=True
    ):
        outline = ellipse_outline(vertices) if kind == "ellipse" else vertices
        mask = None if kind == "rectangle" else polygon_mask(outline, item.box)
        box = item.box
        regions.append(Region(box.x, box.y, box.width, box.height, mask=mask))
    same(
        records,
        client.classify("textures", photo, regions=regions, mask_fill="mean", top_k=3),
    )
    said = [record.label for record in records]
    assert said == ["brick", "brick", "grass", "grass", "gravel", "gravel"]


def test_labelled_objects_are_answered_as_by_the_client(viewer, client):
    (sheet, _, _), (labels, look, _) = digits()
    image, layer = viewer.add_image(sheet), viewer.add_labels(labels, **look)
    plan = plan_labels(place_of(image, "YX", viewer.dims.point), layer, selected=False, masked=True)
    records = finish(Run(client, "digits", plan))
    crops = [
        sheet[4 + 12 * (n // 10) : 12 + 12 * (n // 10), 4 + 12 * (n % 10) : 12 + 12 * (n % 10)]
        for n in range(60)
    ]
    results = client.classify("digits", crops)
    assert [record.label for record in records] == [result.label for result in results]
    written = layer.features["written"].astype(str).tolist()
    right = sum(a.label == b for a, b in zip(records, written, strict=True))
    assert right >= 54


def test_windows_around_points_are_answered_as_by_the_client(viewer, client, photo):
    image = viewer.add_image(photo, scale=(0.5, 0.5))
    points = viewer.add_points([[50, 40], [80, 250], [0, 0]])
    plan = plan_points(place_of(image, "YX", viewer.dims.point), points, 64, selected=False)
    records = finish(Run(client, "textures", plan))
    regions = [Region(48, 68, 64, 64), Region(468, 128, 64, 64), Region(-32, -32, 64, 64)]
    same(records, client.classify("textures", photo, regions=regions))
    assert [c.kind for c in records[2].result.conversions if "clipped" in c.kind]


def test_a_grid_over_a_picture_beyond_the_limit_is_sent_in_parts(viewer, client, photo):
    image = viewer.add_image(photo)
    plan = plan_grid(place_of(image, "YX", viewer.dims.point), 64, 64)
    whole = finish(Run(client, "textures", plan))

    class Limited:
        """The client of a server that takes small messages only."""

        def __init__(self):
            self.sent = []

        def info(self):
            info = client.info()
            object.__setattr__(info.limits, "message_bytes", 40_000)
            return info

        def classify_iter(self, model, images, **options):
            self.sent += [pixels.nbytes for pixels in images.values()]
            return client.classify_iter(model, images, **options)

    limited = Limited()
    parts = finish(Run(limited, "textures", plan))
    assert len(limited.sent) > 1
    assert max(limited.sent) <= 40_000
    same(parts, [record.result for record in whole])


def test_a_dask_stack_is_read_plane_by_plane_while_results_arrive(viewer, client, photo):
    read = []

    def block(block_id):
        read.append(block_id[0])
        return np.roll(photo, 40 * block_id[0], axis=1)[np.newaxis, :64, :64]

    stack = dask.array.map_blocks(
        block, chunks=((1,) * 12, 64, 64), dtype=np.uint8, meta=np.zeros((0, 0, 0), np.uint8)
    )
    layer = viewer.add_image(stack, contrast_limits=(0, 255))
    plan = plan_planes(place_of(layer, "TYX", viewer.dims.point), "T")
    read.clear()
    records = finish(Run(client, "textures", plan))
    assert sorted(read) == list(range(12))
    planes = [np.roll(photo, 40 * t, axis=1)[:64, :64] for t in range(12)]
    same(records, client.classify("textures", planes))
    assert [record.result.plane for record in records] == [f"T={t}" for t in range(12)]


def test_a_multiscale_layer_is_classified_at_full_resolution(viewer, client, photo):
    layer = viewer.add_image([photo, photo[::2, ::2]], multiscale=True)
    plan = plan_grid(place_of(layer, "YX", viewer.dims.point), 160, 160)
    records = finish(Run(client, "textures", plan))
    regions = [record.item.box for record in records]
    same(
        records,
        client.classify(
            "textures", photo, regions=[(b.x, b.y, b.width, b.height) for b in regions]
        ),
    )


def test_items_that_cannot_be_asked_for_do_not_hold_up_the_others(viewer, client, photo):
    image = viewer.add_image(photo)
    points = viewer.add_points([[100, 100], [9000, 9000]])
    plan = plan_points(place_of(image, "YX", viewer.dims.point), points, 64, selected=False)
    good, bad = finish(Run(client, "textures", plan))
    assert good.label == "brick"
    assert bad.error.startswith("point 1 lies outside the image")


def test_a_wrong_channel_count_is_the_error_of_every_item(viewer, client, photo):
    layer = viewer.add_image(np.stack([photo[:320]] * 5))
    place = place_of(layer, "CYX", viewer.dims.point)
    (plane,) = finish(Run(client, "textures", plan_planes(place)))
    assert "channel" in plane.error
    tiles = finish(Run(client, "textures", plan_grid(place, 160, 160)))
    assert len(tiles) == 8
    assert all("channel" in tile.error for tile in tiles)
    assert tiles[3].result.region == "416,0,160,160"


def test_an_unknown_model_ends_the_run_with_the_servers_sentence(viewer, client, photo):
    plan = plan_planes(place_of(viewer.add_image(photo), "YX", viewer.dims.point))
    with pytest.raises(UnknownModelError, match="textures"):
        list(Run(client, "texture", plan).updates())


def test_a_stopped_run_sends_no_more_and_says_so(viewer, client, photo):
    stack = np.broadcast_to(photo[:64, :64], (4000, 64, 64))
    layer = viewer.add_image(stack, contrast_limits=(0, 255))
    run = Run(client, "textures", plan_planes(place_of(layer, "TYX", viewer.dims.point), "T"))
    got = []

    def work():
        try:
            for update in run.updates():
                got.append(update)  # noqa: PERF402 - what came before the stop is kept
        except StoppedError:
            got.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    while not any(isinstance(one, Update) and one.records for one in list(got)):
        thread.join(0.01)
        assert thread.is_alive() or got
    run.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert got[-1] == "stopped"
    assert max(one.done for one in got[:-1]) < 4000


def test_results_of_a_run_become_features(viewer, client, photo):
    image, (outlines, look, _) = viewer.add_image(photo), textures()[1]
    shapes = viewer.add_shapes(outlines, **look)
    plan = plan_shapes(
        place_of(image, "YX", viewer.dims.point), shapes, selected=False, masked=True
    )
    records = finish(Run(client, "textures", plan, Options(all_scores=True)))
    model = client.model("textures")
    present(viewer, plan, model, records, Look(all_scores=True))
    scores = shapes.features[[f"score_{label}" for label in model.labels]].to_numpy()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(scores.max(axis=1), shapes.features["score"], atol=1e-6)


def test_updates_that_come_together_are_joined(make_record):
    records = [make_record("shape", i, "brick", 0.5) for i in range(5)]
    updates = [Update((), 0, 5), *(Update((r,), i + 1, 5) for i, r in enumerate(records))]
    first, rest = list(joined(iter(updates), 3600))
    assert first == updates[0]
    assert rest == Update(tuple(records), 5, 5)

"""Many visitors at once, slow ones and hostile ones among them."""

import itertools
import lzma
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile

DIGITS = Path(__file__).parents[2] / "examples" / "pictures" / "digits"
MODELS = [{"model": "digits", "framework": "onnx"}]


def answer(visitor, data, **body):
    picture = visitor.json("POST", "/api/pictures?name=x.png", data)
    events = visitor.lines("/api/classify", {"picture": picture["id"], "models": MODELS, **body})
    return [result for event in events for result in event.get("results", [])]


def test_twenty_visitors_at_once_lose_nothing(page):
    paths = [
        sorted((DIGITS / str(number % 10)).glob("*.png"))[number // 10] for number in range(20)
    ]
    together = threading.Barrier(20)

    def visit(path):
        visitor = page.visitor().enter()
        data = path.read_bytes()
        together.wait()
        return [answer(visitor, data)[0]["top"][0]["label"] for _ in range(5)]

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(visit, paths))
    assert all(len(set(labels)) == 1 for labels in found)
    assert (
        sum(labels[0] == path.parent.name for labels, path in zip(found, paths, strict=True)) > 17
    )


def test_who_sends_slowly_holds_up_nobody(page):
    slow = page.visitor().enter()
    links = []
    for _ in range(60):
        link = socket.create_connection(("127.0.0.1", page.port))
        link.sendall(
            f"POST /api/pictures?name=x HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
            f"Origin: http://127.0.0.1:{page.port}\r\nCookie: {slow.cookie}\r\n"
            "Content-Length: 1000\r\n\r\nx".encode()
        )
        links.append(link)
    other = page.visitor().enter()
    found = answer(other, next((DIGITS / "7").glob("*.png")).read_bytes())
    assert found[0]["top"][0]["label"] == "7"
    for link in links:
        link.close()


def test_a_file_that_ends_a_decoder_ends_nobody_elses_view(page):
    hostile, other = page.visitor().enter(), page.visitor().enter()
    bad = hostile.json("POST", "/api/pictures?name=x.tif", b"II*\0" + b"\xff" * 4000)
    good = next((DIGITS / "7").glob("*.png")).read_bytes()
    mine = other.json("POST", "/api/pictures?name=x.png", good)
    for _ in range(3):
        assert hostile.ask("GET", f"/api/pictures/{bad['id']}")[0] == 400
    facts = other.json("GET", f"/api/pictures/{mine['id']}")
    assert (facts["width"], facts["data_type"]) == (64, "uint8")
    status, headers, png = other.ask("GET", f"/api/pictures/{mine['id']}/view")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "query", ["box=1,2,3", "box=-1,0,2,2", "low=x", "box=99,99,5,5", "low=nan", "longest=1e9"]
)
def test_a_view_that_cannot_be_is_refused(page, query):
    visitor = page.visitor().enter()
    data = next((DIGITS / "7").glob("*.png")).read_bytes()
    picture = visitor.json("POST", "/api/pictures?name=x.png", data)
    status, _, content = visitor.ask("GET", f"/api/pictures/{picture['id']}/view?{query}")
    assert status in (400, 413), content


@pytest.mark.parametrize(
    "body",
    [
        {"regions": [{"x": 0, "y": 0, "width": 1 << 20, "height": 1 << 20, "polygon": [[0, 0]]}]},
        {"regions": [{"x": "a", "y": 0, "width": 2, "height": 2}]},
        {"painted": [[0, 0, float("1e400")]], "width": 8, "height": 8},
        {"painted": [[0, 0, 1]]},
        {"models": [{"model": "digits"}] * 17},
        {"models": []},
        {"options": {"nothing": 1}},
        {"options": {"channels": ["red"]}},
        {"options": {"top_k": "many"}},
    ],
    ids=str,
)
def test_what_cannot_be_classified_is_said_in_a_sentence(page, body):
    visitor = page.visitor().enter()
    data = next((DIGITS / "7").glob("*.png")).read_bytes()
    picture = visitor.json("POST", "/api/pictures?name=x.png", data)
    asked = {"picture": picture["id"], "models": MODELS, **body}
    status, _, content = visitor.ask("POST", "/api/classify", asked)
    assert status in (200, 400), content
    assert b'"message"' in content


def test_a_region_of_a_negative_size_makes_no_room_for_a_large_one(page):
    visitor = page.visitor().enter()
    data = next((DIGITS / "7").glob("*.png")).read_bytes()
    picture = visitor.json("POST", "/api/pictures?name=x.png", data)
    shape = {"x": 0, "y": 0, "height": 40_000, "polygon": [[0, 0], [1, 0], [1, 1]]}
    asked = {
        "picture": picture["id"],
        "models": MODELS,
        "regions": [shape | {"width": 40_000}, shape | {"width": -40_000}],
    }
    answered = visitor.json("POST", "/api/classify", asked, status=400)
    assert "million pixels together" in answered["error"]["message"]


def test_pictures_that_take_long_give_way_to_other_visitors(page, tmp_path):
    # A hundred megapixels behind a compression that takes its time; its strips are alike, since
    # compressing takes far longer than reading.
    slow = tmp_path / "slow.tif"
    strip = np.random.default_rng(0).integers(0, 4, (25, 9000), np.uint8)
    tifffile.imwrite(
        slow, itertools.repeat(lzma.compress(strip.tobytes()), 360), shape=(9000, 9000),
        dtype=np.uint8, rowsperstrip=25, compression="lzma",
    )  # fmt: skip
    np.testing.assert_array_equal(tifffile.imread(slow, key=0)[-25:], strip)
    hostile = [page.visitor().enter() for _ in range(8)]
    pictures = [one.json("POST", "/api/pictures?name=x.tif", slow.read_bytes()) for one in hostile]
    asked = threading.Barrier(len(hostile) + 1)

    def look(visitor, picture):
        asked.wait()
        return visitor.ask("GET", f"/api/pictures/{picture['id']}")[0]

    other = page.visitor().enter()
    good = next((DIGITS / "7").glob("*.png")).read_bytes()
    mine = other.json("POST", "/api/pictures?name=x.png", good)
    with ThreadPoolExecutor(len(hostile)) as pool:
        looks = list(map(pool.submit, [look] * 8, hostile, pictures))
        asked.wait()
        facts = other.json("GET", f"/api/pictures/{mine['id']}")
        assert facts["width"] == 64
        # Not after all of them, whatever the machine's pace.
        assert not all(one.done() for one in looks)
        assert {one.result() for one in looks} <= {200, 400}

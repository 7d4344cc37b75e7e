"""Messages of every method of the server, and what damage makes of them."""

import io

import numpy as np
from PIL import Image
from tritonclient.grpc import service_pb2

from pixels import to_pixels
from zoobridge.protocol.inference import grpc_service_pb2
from zoobridge.protocol.v1 import classification_pb2, evaluation_pb2, training_pb2, zoo_pb2

CLASSIFY = "/zoobridge.v1.ClassificationService/Classify"
CHECK = "/zoobridge.v1.ClassificationService/CheckImage"
STREAM = "/zoobridge.v1.ClassificationService/ClassifyStream"
INFER = "/inference.GRPCInferenceService/ModelInfer"
INFER_STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
#: Every second message is of one of these, which do the work.
RICH = (CLASSIFY, CHECK, STREAM, INFER, INFER_STREAM)


def methods():
    """Every method: its path, and whether requests are a stream."""
    found = {}
    for module in (classification_pb2, zoo_pb2, evaluation_pb2, training_pb2, grpc_service_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                path = f"/{service.full_name}/{method.name}"
                found[path] = method.client_streaming, method.server_streaming
    found["/grpc.health.v1.Health/Check"] = False, False
    return found


def pictures():
    """A small picture in each format."""
    image = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        file = io.BytesIO()
        image.save(file, kind)
        yield file.getvalue()


def classify_requests():
    asked = classification_pb2.ClassifyRequest
    for picture in pictures():
        yield asked(model="brightness", image={"encoded": picture})
    pixels = to_pixels(np.full((4, 4), 200, np.uint8), "YX")
    yield asked(model="brightness", image={"pixels": pixels})
    stack = to_pixels(np.full((3, 2, 8, 8), 200, np.uint16), "TCYX")
    request = asked(model="brightness", image={"pixels": stack}, framework="onnx")
    request.options.top_k = 2
    request.options.all_scores = True
    for place in range(3):
        box = request.regions.add(id=f"region {place}").box
        box.x, box.y, box.width, box.height = place, 0, 4, 4
    yield request


def infer_requests():
    asked = service_pb2.ModelInferRequest
    raw = np.full((1, 1, 4, 4), 200, np.float32).tobytes()
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 1, 4, 4]}
    yield asked(model_name="brightness.network", inputs=[tensor], raw_input_contents=[raw])
    contents = {**tensor, "contents": {"fp32_contents": [1.0] * 16}}
    yield asked(model_name="brightness.network", inputs=[contents], id="a")
    for picture in pictures():
        image = {"name": "image", "datatype": "BYTES", "shape": [1]}
        element = len(picture).to_bytes(4, "little") + picture
        yield asked(model_name="brightness", inputs=[image], raw_input_contents=[element])
    output = {"name": "output", "parameters": {"classification": {"int64_param": 2}}}
    yield asked(
        model_name="brightness.network",
        inputs=[tensor],
        outputs=[output],
        raw_input_contents=[raw],
        parameters={"timeout": {"int64_param": 10_000_000}},
    )


def corpus():
    """Sound messages by method; of what only names things, names of several kinds."""
    found = {path: [b""] for path in methods()}
    names = [b"brightness", b"brightness@1.0.0", b"brightness.network", b"nothing", b""]
    for path, seeds in found.items():
        seeds += [b"\x0a" + bytes([len(name)]) + name for name in names]
        if path in RICH:
            seeds.clear()
    found[CLASSIFY] += [request.SerializeToString() for request in classify_requests()]
    found[CHECK] += found[CLASSIFY]
    found[STREAM] += [
        classification_pb2.ClassifyStreamRequest(
            id=str(number), request=request
        ).SerializeToString()
        for number, request in enumerate(classify_requests())
    ]
    found[INFER] += [request.SerializeToString() for request in infer_requests()]
    found[INFER_STREAM] += found[INFER]
    return found


def varint(value):
    written = []
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def fields(data):
    """The fields of a message as pairs of tag and the rest, or None where it is none."""
    found, place = [], 0
    while place < len(data):
        start = place
        tag, place = read_varint(data, place)
        if tag is None:
            return None
        kind = tag & 7
        if kind == 0:
            value, place = read_varint(data, place)
        elif kind == 2:
            value, place = read_varint(data, place)
            place = place + value if value is not None else place
        else:
            value, place = (0, place + {1: 8, 5: 4}.get(kind, len(data) + 1))
        if value is None or place > len(data):
            return None
        found.append(data[start:place])
    return found


def read_varint(data, place):
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            return None, place
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    return None, place


def flip(random, data):
    damaged = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if damaged:
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut(random, data):
    return data[: random.randrange(len(data) + 1)]


def splice(random, data):
    place = random.randrange(len(data) + 1)
    return data[:place] + random.randbytes(random.choice((1, 2, 8, 64))) + data[place:]


def swap(random, data):
    """Exchange, repeat or leave out fields, in the message or in one within it."""
    parts = fields(data)
    if not parts:
        return splice(random, data)
    place = random.randrange(len(parts))
    chosen = parts[place]
    action = random.randrange(5)
    if action == 0:
        random.shuffle(parts)
    elif action == 1:
        parts[place:place] = [chosen] * random.choice((1, 2, 50))
    elif action == 2:
        del parts[place]
    elif action == 3:
        # Another field of the same wire type.
        parts[place] = bytes([random.randrange(1, 16) << 3 | chosen[0] & 7]) + chosen[1:]
    elif chosen[0] & 7 == 2 and chosen[0] < 128:
        size, start = read_varint(chosen, 1)
        inner = mutate(random, chosen[start : start + size])
        parts[place] = chosen[:1] + varint(len(inner)) + inner
    else:
        parts[place] = chosen[:1] + varint(random.getrandbits(random.choice((7, 31, 63, 64))))
    return b"".join(parts)


def noise(random, _data):
    return random.randbytes(random.randrange(200))


def mutate(random, data):
    """The message after one to three kinds of damage."""
    for _ in range(random.choice((1, 1, 2, 3))):
        data = random.choice((flip, cut, splice, swap, swap, swap, noise))(random, data)
    return data

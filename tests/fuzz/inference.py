"""A coverage-guided fuzzer of the Open Inference Protocol, for hours rather than for the test suite.

    pip install atheris
    python tests/fuzz/inference.py -max_total_time=3600 CORPUS_FOLDER

Every input goes over a real socket to a real server with a real model. It stops at the first answer
that blames the server: INTERNAL or UNKNOWN.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

with atheris.instrument_imports(include=["zoobridge.server", "zoobridge.engine"]):
    import grpc

    from served import write_package
    from zoobridge.server import Server, ServerConfig

FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}


def main() -> None:
    """Serve a zoo of one model, and send it whatever the fuzzer makes."""
    folder = Path(tempfile.mkdtemp(prefix="zoobridge-fuzz-"))
    write_package(folder / "zoo" / "brightness", "brightness")
    config = ServerConfig(
        zoos=(folder / "zoo",),
        cache=folder / "cache",
        trust_file=folder / "trusted.json",
        publish=False,
        device="cpu",
    )
    server = Server(config)
    server.start()
    channel = grpc.insecure_channel(server.address)
    infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")

    def send(data: bytes) -> None:
        answer = infer.future(data, timeout=60)
        if answer.code() in FAULTS:
            raise RuntimeError(f"{answer.code()}: {answer.details()}")

    atheris.Setup(sys.argv, send)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

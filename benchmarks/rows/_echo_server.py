"""The reference of the echo row: a small grpcio server that answers what it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc

from zoobridge.protocol.inference import grpc_service_pb2 as messages

if TYPE_CHECKING:
    from collections.abc import Iterator


def answer(request: Any, _context: object = None) -> Any:
    """Answer with the request's elements."""
    given = request.inputs[0]
    response = messages.ModelInferResponse(model_name=request.model_name, id=request.id)
    response.outputs.add(name="output", datatype=given.datatype, shape=given.shape)
    response.raw_output_contents.append(request.raw_input_contents[0])
    return response


def answer_all(requests: Iterator[Any], _context: object) -> Iterator[Any]:
    """Answer each request of a stream."""
    for request in requests:
        yield messages.ModelStreamInferResponse(infer_response=answer(request))


def main() -> None:
    """Serve on a free port, and tell which."""
    read = messages.ModelInferRequest.FromString
    write, write_part = (
        messages.ModelInferResponse.SerializeToString,
        messages.ModelStreamInferResponse.SerializeToString,
    )
    handlers = {
        "ModelInfer": grpc.unary_unary_rpc_method_handler(answer, read, write),
        "ModelStreamInfer": grpc.stream_stream_rpc_method_handler(answer_all, read, write_part),
    }
    server = grpc.server(ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("inference.GRPCInferenceService", handlers),)
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()

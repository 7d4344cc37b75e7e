"""Metrics, where they were asked for."""

from __future__ import annotations

import urllib.request

import grpc
import pytest

from served import request, wait_until


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return answer.read().decode()


def test_calls_and_models_are_counted(start, call, held):
    server = start(engine=held, metrics_port=0)
    caller = call(server)
    future = caller.classification.Classify.future(request(), timeout=90)
    held.next().give()
    future.result()
    with pytest.raises(grpc.RpcError):
        caller.classification.Classify(request(model="nobody"), timeout=90)

    def text() -> str:
        return read(server.metrics_port)

    method = 'method="/zoobridge.v1.ClassificationService/Classify"'
    wait_until(lambda: f'zoobridge_calls_total{{code="NOT_FOUND",{method}}} 1.0' in text())
    assert f'zoobridge_calls_total{{code="OK",{method}}} 1.0' in text()
    assert f"zoobridge_call_seconds_count{{{method}}} 2.0" in text()
    labels = 'device="cpu",framework="onnx",model="brightness@2.0.0"'
    assert f"zoobridge_model_memory_bytes{{{labels}}} 1000.0" in text()
    assert f"zoobridge_model_items{{{labels}}} 7.0" in text()

"""``python silent_streams.py ADDRESS COUNT PLANES``: streams whose caller sends and does not read.

For each line on standard input but ``end`` it writes how many requests the server has taken.
"""

import sys
import threading

import numpy as np

from pixels import to_pixels
from served import Caller
from zoobridge.protocol.v1 import classification_pb2


class SilentStream:
    """One stream, which sends as much as it is let."""

    def __init__(self, address, request):
        self.sent = 0
        self._request = request
        self._ended = threading.Event()
        self._caller = Caller(address)
        self._call = self._caller.classification.ClassifyStream(self._messages(), timeout=600)

    def _messages(self):
        while not self._ended.is_set():
            self.sent += 1
            yield classification_pb2.ClassifyStreamRequest(id=str(self.sent), request=self._request)

    def close(self):
        self._ended.set()
        self._call.cancel()
        self._caller.channel.close()


def main(address, count, planes):
    stack = np.zeros((planes, 4, 4), np.uint8)
    request = classification_pb2.ClassifyRequest(
        model="brightness",
        image={"pixels": to_pixels(stack, "ZYX")},
        options={"all_scores": True},
    )
    streams = [SilentStream(address, request) for _ in range(count)]
    for line in sys.stdin:
        if line.strip() == "end":
            break
        sys.stdout.write(f"{sum(stream.sent for stream in streams)}\n")
        sys.stdout.flush()
    for stream in streams:
        stream.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

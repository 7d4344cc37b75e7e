"""Messages of the Open Inference Protocol, in a descriptor pool of their own.

They are not registered with protobuf's default pool, so that ``tritonclient``, whose messages have
the same names, works in the same process.
"""

from zoobridge.protocol.inference._pool import DESCRIPTORS

__all__ = ["DESCRIPTORS"]

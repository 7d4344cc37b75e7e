"""What can go wrong, each in a type of its own.

An error is raised where it is known and carries a sentence that names the fix. The type decides
the gRPC status code and the stable reason (``google.rpc.ErrorInfo.reason``);
:mod:`zoobridge.protocol` turns errors into ``google.rpc.Status`` and back, so that a client raises
the same type that the server or a worker raised. The types are generated from the reasons of the
contract (``proto/zoobridge/v1/errors.proto``).
"""

from zoobridge.errors import _types
from zoobridge.errors._base import Code, ZooBridgeError
from zoobridge.errors._types import *  # noqa: F403 - the generated list

__all__ = ["Code", "ZooBridgeError", *_types.__all__]  # noqa: PLE0604

"""Import the modules that are named, and print the message classes that the collector destroys."""

import gc
import sys
import weakref
from importlib import import_module

from google.protobuf import message, message_factory


def with_nested(messages):
    for one in messages:
        yield one
        yield from with_nested(one.nested_types)


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def main():
    for name in sys.argv[1:]:
        import_module(name)
    if "zoobridge.zoo._onnx_file" in sys.modules:
        sys.modules["zoobridge.zoo._onnx_file"]._message_types()
    gc.collect()
    descriptors = [getattr(kind, "DESCRIPTOR", None) for kind in subclasses(message.Message)]
    # Files of the same name lie in several pools.
    files = {id(one.file): one.file for one in descriptors if one is not None}
    classes = [
        (one.full_name, weakref.ref(message_factory.GetMessageClass(one)))
        for file in files.values()
        for one in with_nested(file.message_types_by_name.values())
    ]
    gc.collect()
    print(len(classes), *(name for name, kind in classes if kind() is None))


if __name__ == "__main__":
    main()

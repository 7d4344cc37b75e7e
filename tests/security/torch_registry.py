"""Tell what TorchScript can name that has to do with other machines: FOLDER.

Writes ``registry.json`` there: operators that take an address, classes for talking to other
processes that a script can make, and the operators again once one that takes an address is added.
"""

import json
import re
import sys
from pathlib import Path

from zoobridge_backends.pytorch import PyTorchBackend

ADDRESS = re.compile(
    r"(^|_)(addr|address|endpoint|host|hostname|init_method|ip|port|socket|store|uri|url)(_|$)"
)
TALKING = re.compile(r"c10d|dist|rpc|remote|socket|store|tcp", re.IGNORECASE)
MAKING = ("__init__", "__setstate__")


def addressed():
    return sorted(
        {
            schema.name
            for schema in torch._C._jit_get_all_schemas()
            if any(ADDRESS.search(argument.name) for argument in schema.arguments)
        }
    )


PyTorchBackend().start()
import torch  # noqa: E402

told = {
    "operators": addressed(),
    "classes": sorted(
        {
            str(schema.arguments[0].type).removeprefix("__torch__.torch.classes.")
            for schema in torch._C._jit_get_custom_class_schemas()
            if schema.name in MAKING and TALKING.search(str(schema.arguments[0].type))
        }
    ),
}
library = torch.library.Library("attack", "DEF")
library.define("connect(str host, int port) -> Tensor")
told["operators_with_one_more"] = addressed()
(Path(sys.argv[1]) / "registry.json").write_text(json.dumps(told))

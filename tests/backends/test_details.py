"""What each backend takes care of beyond what the suite can ask of all of them."""

from pathlib import Path

import pytest

from zoobridge.engine._backends import ENVIRONMENT

COMPILED = """
import importlib.util, os, py_compile, sys
from pathlib import Path
from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge_backends.pytorch import PyTorchBackend
backend = PyTorchBackend()
backend.start()
import numpy as np, torch

folder = Path(sys.argv[1])
source = folder / "net.py"
text = '''
import torch
class Net(torch.nn.Module):
    def forward(self, x):
        return x * FACTOR
'''
source.write_text(text.replace("FACTOR", "9"))
py_compile.compile(source, doraise=True)
times = source.stat()
source.write_text(text.replace("FACTOR", "2"))
os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
torch.save({}, folder / "state.pt")

spec = importlib.util.spec_from_file_location("net", source)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert module.Net()(torch.ones(1)).item() == 9  # what Python's own import would run

weights = WeightsFile(
    "pytorch_state_dict", folder / "state.pt",
    (TensorSpec("x", "float32", (-1, 1)),), (TensorSpec("y", "float32", (-1, 1)),),
    trusted=True, architecture={"callable": "Net", "path": str(source), "kwargs": {}},
)
answer = backend.load(weights, device="cpu", threads=1).forward([np.ones((1, 1), "f4")])
assert answer[0].item() == 2, answer
"""

THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge_backends.pytorch import PyTorchBackend
backend = PyTorchBackend()
backend.start()
import numpy as np, torch

folder = Path(sys.argv[1])
(folder / "net.py").write_text('''
import torch
class Net(torch.nn.Module):
    def forward(self, x):
        return x * 0 + torch.get_num_threads()
''')
torch.save({}, folder / "state.pt")
weights = WeightsFile(
    "pytorch_state_dict", folder / "state.pt",
    (TensorSpec("x", "float32", (-1, 1)),), (TensorSpec("y", "float32", (-1, 1)),),
    trusted=True, architecture={"callable": "Net", "path": str(folder / "net.py"), "kwargs": {}},
)
networks = {threads: backend.load(weights, device="cpu", threads=threads) for threads in (3, 1, 2)}

def ask(call):
    threads = call % 3 + 1
    return threads, networks[threads].forward([np.ones((1, 1), "f4")])[0].item()

with ThreadPoolExecutor(4) as pool:
    for threads, found in pool.map(ask, range(60)):
        assert threads == found, (threads, found)
"""

EXTERNAL = """
import sys
from pathlib import Path
from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge_backends.onnx import OnnxBackend
backend = OnnxBackend()
backend.start()
folder = Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
import numpy as np, oracle
weights = WeightsFile("onnx", folder / "external" / "network.onnx", (), ())
network = backend.load(weights, device="cpu", threads=1)
answer = network.forward([oracle.batch()])
assert np.allclose(answer[0], oracle.forward(oracle.batch()), atol=1e-5)

large, small = 12 << 20, 1 << 20
assert not network._should_shrink(small)
assert network._should_shrink(20 << 20), "a very large batch"
assert not network._should_shrink(large)
decisions = [network._should_shrink(small) for _ in range(10)]
assert decisions == [False] * 7 + [True] + [False] * 2, decisions
decisions = [network._should_shrink(size) for _ in range(10) for size in (large, small, small)]
assert not any(decisions), "a mix of sizes needs the memory again at once"
"""

HIDDEN = """
import os, sys
from zoobridge_backends.tensorflow import TensorFlowBackend
TensorFlowBackend().start()
for name in ("IPython", "matplotlib", "pandas", "scipy", "sklearn"):
    assert name not in sys.modules, name
import scipy.ndimage
assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
"""

STARTED = """
import os, sys
from zoobridge.engine._backends import find_backend
find_backend(sys.argv[1]).start()
threads = os.listdir("/proc/self/task")
assert len(threads) == 1, threads
"""


def test_compiled_code_beside_a_trusted_architecture_never_runs(alone, tmp_path):
    alone(COMPILED, tmp_path)


def test_pytorch_networks_side_by_side_keep_to_their_own_threads(alone, tmp_path):
    alone(THREADS, tmp_path)


def test_onnx_runtime_reads_external_data_and_gives_back_its_arena(alone, made):
    alone(EXTERNAL, made("onnx_files"), Path(__file__).parent / "makers")


def test_tensorflow_starts_without_what_inference_never_needs(alone):
    alone(HIDDEN)


@pytest.mark.parametrize("framework", ["onnx", "pytorch", "tensorflow"])
def test_a_started_framework_has_no_threads_that_a_fork_would_lose(alone, monkeypatch, framework):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    alone(STARTED, framework)

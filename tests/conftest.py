"""For all tests."""

import os

from hypothesis import settings

# Some tests fork this process to see what a confined child can do. gRPC, where another test has
# used it, would start threads in the child.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Machines that other work keeps busy are slow at times; that is no fault of what is tested.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

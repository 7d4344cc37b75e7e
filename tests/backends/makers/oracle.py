"""A small network in plain NumPy: what every framework's samples are compared with.

3x3 convolution without padding, rectifier, mean over the picture, dense layer, softmax.
"""

import numpy as np

CHANNELS, SIZE, FILTERS, CLASSES = 2, 8, 6, 4


def parameters() -> dict[str, np.ndarray]:
    random = np.random.default_rng(20)
    return {
        "kernel": random.normal(size=(FILTERS, CHANNELS, 3, 3)).astype("f4"),
        "kernel_bias": random.normal(size=FILTERS).astype("f4"),
        "dense": random.normal(size=(FILTERS, CLASSES)).astype("f4"),
        "dense_bias": random.normal(size=CLASSES).astype("f4"),
    }


def batch(items: int = 5) -> np.ndarray:
    """``(N, C, Y, X)`` float32, each item of another brightness."""
    random = np.random.default_rng(21)
    pictures = random.normal(size=(items, CHANNELS, SIZE, SIZE))
    return (pictures + np.linspace(-1, 1, items)[:, None, None, None]).astype("f4")


def forward(pictures: np.ndarray) -> np.ndarray:
    """``(N, C, Y, X)`` to ``(N, CLASSES)`` float32."""
    p = {name: array.astype("f8") for name, array in parameters().items()}
    windows = np.lib.stride_tricks.sliding_window_view(pictures.astype("f8"), (3, 3), axis=(2, 3))
    filtered = np.einsum("ncyxij,fcij->nfyx", windows, p["kernel"])
    rectified = np.maximum(filtered + p["kernel_bias"][:, None, None], 0)
    logits = rectified.mean(axis=(2, 3)) @ p["dense"] + p["dense_bias"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype("f4")

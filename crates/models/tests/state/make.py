"""Writes state.safetensors, a file as PyTorch's safetensors.torch.save_file writes it, for the tests of `models`.

Needs numpy and safetensors. The numbers are simple, so that the test can say them."""
import os

import numpy as np
from safetensors.numpy import save_file

f = np.float32
save_file(
    {
        "0.weight": (np.arange(12, dtype=f).reshape(4, 3) / 8),
        "0.bias": np.array([1, 2, 3, 4], dtype=f),
        "1.weight": np.array([1, 2, 1, 2], dtype=f),
        "1.bias": np.zeros(4, dtype=f),
        "1.running_mean": np.array([0.5, 0.25, 0, 1], dtype=f),
        "1.running_var": np.array([1, 4, 1, 0.25], dtype=f),
        "1.num_batches_tracked": np.array(17, dtype=np.int64),
        "3.weight": np.array([[1, -1, 0.5, 2]], dtype=f),
        "3.bias": np.array([0.125], dtype=f),
    },
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "state.safetensors"),
)

"""Loads a file that `models` wrote into the same PyTorch module and prints its output for three rows: check.py FILE"""
import sys

import torch
from safetensors.torch import load_file

model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
model.load_state_dict(load_file(sys.argv[1]))
model.eval()
with torch.no_grad():
    for value in model(torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5], [4.0, 0.0, -2.0]])).flatten():
        print(f"{value.item():.9g}")

"""Checks an ONNX file and runs it: MODEL.onnx DATA.csv. Prints its outputs, a line a row, NaN as an empty field.

Needs onnx and onnxruntime (checked with onnx 1.23.2 and onnxruntime 1.31.1).
"""

import csv
import sys

import numpy
import onnx
import onnxruntime

model, data = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
with open(data, newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))


def numbers(name):
    return [float(row[name]) if row[name] else numpy.nan for row in rows]


feeds = {}
for value in session.get_inputs():
    if value.name == "features":
        doc = next(own for own in onnx.load(model).graph.input if own.name == "features").doc_string
        kind = numpy.float32 if value.type == "tensor(float)" else numpy.float64
        names = doc.split(", ") if doc else list(rows[0])
        feeds["features"] = numpy.array([numbers(name) for name in names], dtype=kind).T
    elif value.type == "tensor(double)":
        feeds[value.name] = numpy.array(numbers(value.name)).reshape(-1, 1)
    elif value.type == "tensor(bool)":
        feeds[value.name] = numpy.array([[row[value.name] in ("yes", "true", "1")] for row in rows])
    else:
        feeds[value.name] = numpy.array([[row[value.name]] for row in rows], dtype=object)
outputs = session.run(None, feeds)
writer = csv.writer(sys.stdout, lineterminator="\n")
header = []
for value, output in zip(session.get_outputs(), outputs):
    header += [value.name] * output.shape[1]
writer.writerow(header)
for i in range(len(rows)):
    fields = [field for output in outputs for field in output[i]]
    writer.writerow(
        ("" if numpy.isnan(field) else repr(float(field))) if not isinstance(field, str) else field for field in fields
    )

"""Runs a PMML file by JPMML: MODEL.pmml DATA.csv. Prints its outputs, a line a row, missing ones as an empty field.

Needs Java and jpmml_evaluator (checked with Java 17 and jpmml_evaluator 0.16.0).
"""

import csv
import sys

from jpmml_evaluator import make_evaluator

model, data = sys.argv[1:]
evaluator = make_evaluator(model).verify()
outputs = [field.getName() for field in evaluator.getOutputFields()]
inputs = {field.getName(): field.getDataType() for field in evaluator.getInputFields()}
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(outputs)
with open(data, newline="", encoding="utf-8") as file:
    for row in csv.DictReader(file):
        arguments = {}
        for name, kind in inputs.items():
            text = row[name]
            if text == "":
                arguments[name] = None
            elif kind == "double":
                arguments[name] = float(text)
            elif kind == "boolean":
                arguments[name] = text in ("yes", "true", "1")
            else:
                arguments[name] = text
        try:
            result = evaluator.evaluate(arguments)
        except Exception as error:  # An invalid value is an exception of Java.
            print(error, file=sys.stderr)
            result = {}
        fields = [result.get(name) for name in outputs]
        writer.writerow("" if f is None or f != f else repr(f) if isinstance(f, float) else f for f in fields)

"""Runs an exported query in SQLite: QUERY.sql DATA.csv TABLE. Prints the rows of its answer, NULL as an empty field."""

import csv
import sqlite3
import sys


def number(text):
    try:
        float(text)
        return True
    except ValueError:
        return text == ""


query, data, table = sys.argv[1:]
with open(data, newline="", encoding="utf-8") as file:
    header, *rows = csv.reader(file)
quoted = ['"' + name.replace('"', '""') + '"' for name in header]
kinds = ["REAL" if all(number(row[k]) for row in rows) else "TEXT" for k in range(len(header))]
connection = sqlite3.connect(":memory:")
columns = ", ".join(f"{name} {kind}" for name, kind in zip(quoted, kinds))
connection.execute(f'CREATE TABLE "{table}" ({columns})')
places = ", ".join("?" * len(header))
values = [[None if field == "" else field for field in row] for row in rows]
connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', values)
cursor = connection.execute(open(query, encoding="utf-8").read())
writer = csv.writer(sys.stdout, lineterminator="\n")
names = [column[0] for column in cursor.description]
writer.writerow(names)
for row in cursor:
    writer.writerow("" if value is None else repr(value) if isinstance(value, float) else value for value in row)

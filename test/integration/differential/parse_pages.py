"""Reads the metrics pages named on standard input, one path a line, with prometheus_client's parsers.

Prints a line of JSON for each page: [[name, labels, value as text], ...].
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

for path in sys.stdin.read().splitlines():
    with open(path, encoding="utf-8") as file:
        page = file.read()
    read = read_openmetrics if page.endswith("# EOF\n") else read_text
    series = [[s.name, s.labels, repr(float(s.value))] for family in read(page) for s in family.samples]
    print(json.dumps(series))

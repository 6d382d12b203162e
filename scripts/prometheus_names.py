#!/usr/bin/env python3
"""prometheus_names.py URL FILE...: asks the Prometheus at URL for every series that the files (rules
in YAML, dashboards in JSON) select, with the labels they select it by, and for every whole
expression of a dashboard. Fails for each that has no sample."""

import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request

SELECTOR = re.compile(r"\bschedd[_:][a-z0-9_:]+(?:\{[^}]*\})?")
PATIENCE = 30  # seconds that Prometheus has to see what just happened


def values(url, expression):
    """The values of an expression now."""
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
        result = json.load(answer)["data"]
    if result["resultType"] == "scalar":
        return [float(result["result"][1])]
    return [float(sample["value"][1]) for sample in result["result"]]


def expressions(path):
    """The expressions of a file, and whether they have values while all is well."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".json"):
        return [t["expr"] for p in json.loads(text)["panels"] for t in p["targets"]], True
    found = re.findall(r"^ +expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)", text, re.MULTILINE)
    return [block or line for block, line in found], False


def main(url, paths):
    asked, panels = set(), set()
    for path in paths:
        found, whole = expressions(path)
        if not found:
            sys.exit(f"{path}: no expression")
        for expression in found:
            asked.update(f"last_over_time({s}[10m])" if "{" in s or ":" in s else f'last_over_time({s}{{job="schedd"}}[10m])'
                         for s in SELECTOR.findall(expression))
        if whole:
            panels.update(found)
    until = time.monotonic() + PATIENCE
    missing = asked | panels
    while missing and time.monotonic() < until:
        missing = {e for e in missing if all(math.isnan(v) for v in values(url, e))}
        if missing:
            time.sleep(1)
    for expression in sorted(missing):
        print(f"no sample: {expression}", file=sys.stderr)
    print(f"accept: {len(asked)} series that rules and dashboard select, and {len(panels)} panels' expressions have samples")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

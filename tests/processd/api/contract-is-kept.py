#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""contract-is-kept.py PRINT_ROUTES OPENAPI_YAML: the route table and docs/openapi.yaml say the same.

Compares methods, paths, access levels, query parameters, bodies, and the table of problem kinds with their statuses;
checks that every path parameter and $ref of the document exists. Called by ctest. Exit code 1 with one line for each
difference.
"""

import json
import re
import subprocess
import sys

import yaml


def resolved(document, node):
    """The node, or what its $ref names."""
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def check_refs(document, node, complaints):
    if isinstance(node, list):
        for item in node:
            check_refs(document, item, complaints)
    elif isinstance(node, dict):
        if "$ref" in node:
            try:
                resolved(document, node)
            except (KeyError, TypeError):
                complaints.append(f"{node['$ref']} does not exist in the document")
        for item in node.values():
            check_refs(document, item, complaints)


def documented_routes(document, complaints):
    routes = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            parameters = [resolved(document, p) for p in item.get("parameters", []) + operation.get("parameters", [])]
            in_path = {p["name"] for p in parameters if p["in"] == "path"}
            if in_path != set(re.findall(r"\{(\w+)\}", path)):
                complaints.append(f"{method.upper()} {path} documents path parameters {sorted(in_path)}")
            if "default" not in operation["responses"]:
                complaints.append(f"{method.upper()} {path} documents no problems")
            routes[method.upper(), path] = {
                "access": operation.get("x-access-level"),
                "query": sorted(p["name"] for p in parameters if p["in"] == "query"),
                "body": "requestBody" in operation,
            }
    return routes


def documented_kinds(document):
    rows = re.findall(r"^\s*\|\s*`(\w+)`\s*\|\s*(\d+)\s*\|", document["info"]["description"], re.MULTILINE)
    return {kind: int(status) for kind, status in rows}


def main():
    program, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    ours = json.loads(subprocess.run([program], check=True, capture_output=True).stdout)
    complaints = []
    check_refs(document, document, complaints)

    theirs = documented_routes(document, complaints)
    table = {
        (r["method"], r["path"]): {"access": r["access"], "query": sorted(r["query"]), "body": r["body"]}
        for r in ours["routes"]
    }
    for route in sorted(theirs.keys() - table.keys()):
        complaints.append(f"{' '.join(route)} is documented, but there is no such route")
    for route in sorted(table.keys() - theirs.keys()):
        complaints.append(f"{' '.join(route)} is a route, but not documented")
    for route in sorted(table.keys() & theirs.keys()):
        for key, value in table[route].items():
            if theirs[route][key] != value:
                complaints.append(f"{' '.join(route)}: {key} is {value}, documented as {theirs[route][key]}")

    kinds = documented_kinds(document)
    for kind in sorted(kinds.keys() | ours["kinds"].keys()):
        if kinds.get(kind) != ours["kinds"].get(kind):
            complaints.append(f"kind {kind} has status {ours['kinds'].get(kind)}, documented as {kinds.get(kind)}")
    listed = document["components"]["schemas"]["Problem"]["properties"]["kind"]["enum"]
    if sorted(listed) != sorted(kinds):
        complaints.append("the kinds in the Problem schema are not those of the table")

    for complaint in complaints:
        print(complaint)
    if not theirs or not kinds:
        print("nothing was compared")
    return 1 if complaints or not theirs or not kinds else 0


if __name__ == "__main__":
    sys.exit(main())

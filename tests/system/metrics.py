# SPDX-License-Identifier: GPL-3.0-or-later
"""metrics.py: looks at a reply of GET /v1/metrics through the strict OpenMetrics parser of Debian's prometheus_client.

metrics.py page PAGE REPLY         the table in docs/metrics.md and the reply have the same families: type, unit, labels, words
metrics.py value 'NAME{L="v"}' REPLY   prints the sample's value; labels in order of their names
metrics.py grown BEFORE AFTER      no counter has gone back or is missing, and none has another _created
Exit code 1 with one line for each complaint.
"""

import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def families_of(path):
    with open(path, encoding="utf-8") as file:
        return {family.name: family for family in text_string_to_metric_families(file.read())}


def shown(sample):
    labels = ",".join(f'{key}="{sample.labels[key]}"' for key in sorted(sample.labels))
    return sample.name + (f"{{{labels}}}" if labels else "")


def page(page_path, reply_path):
    complaints = []
    listed = {}
    with open(page_path, encoding="utf-8") as file:
        for line in file:
            if match := re.match(r"\| `(processd_\w+)` \| (\w+) \| (\w*) ?\| (.*?) ?\| (.*) \|$", line):
                name, kind, unit, labels, words = match.groups()
                listed[name] = (kind, unit, set(re.findall(r"`(\w+)`", labels)), words)
    told = families_of(reply_path)
    complaints += [f"{name} is told and not listed" for name in told.keys() - listed.keys()]
    complaints += [f"{name} is listed and not told" for name in listed.keys() - told.keys()]
    for name in told.keys() & listed.keys():
        family = told[name]
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        got = (family.type, family.unit, labels, family.documentation)
        if not family.samples:
            complaints.append(f"{name} has no samples, so nobody knows its labels")
        elif got != listed[name]:
            complaints.append(f"{name} is listed as {listed[name]}, and told as {got}")
    return complaints


def counters(path):
    return {
        shown(sample): sample.value
        for family in families_of(path).values()
        if family.type in ("counter", "histogram")
        for sample in family.samples
    }


def grown(before_path, after_path):
    before, after = counters(before_path), counters(after_path)
    complaints = []
    for name, value in before.items():
        if name not in after:
            complaints.append(f"{name} is not there any more")
        elif after[name] < value or ("_created" in name and after[name] != value):
            complaints.append(f"{name} was {value} and is {after[name]}")
    return complaints


def value(wanted, path):
    for family in families_of(path).values():
        for sample in family.samples:
            if shown(sample) == wanted:
                print(int(sample.value) if sample.value == int(sample.value) else sample.value)
                return []
    return [f"there is no {wanted}"]


result = {"page": page, "grown": grown, "value": value}[sys.argv[1]](*sys.argv[2:])
print("\n".join(result), end="\n" if result else "")
sys.exit(1 if result else 0)

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-metrics.sh: sourced after lib.sh by tests of GET /v1/metrics. Skips where there is no strict parser of OpenMetrics.
#
# look FILE             asks for the metrics, into FILE; fails if they cannot be had
# judge ARG…            metrics.py
# is SAMPLE VALUE       a sample of $T/metrics, as NAME{LABELS} with the labels in order of their names, has this value
# sample SAMPLE         prints it
# grown BEFORE AFTER    no counter has gone back between the two files

for _python in python3 /usr/bin/python3 none; do
	"$_python" -c 'import prometheus_client' 2>/dev/null && break
done
[ "$_python" != none ] || skip 'needs the Python package prometheus_client'

look()
{
	api GET /v1/metrics >"$1"
}

judge()
{
	PYTHONDONTWRITEBYTECODE=1 "$_python" "$TEST_DIR/metrics.py" "$@"
}

sample()
{
	judge value "$1" "$T/metrics"
}

is()
{
	equal "$1" "$2" "$(sample "$1")"
}

grown()
{
	expect 'no counter goes back' judge grown "$1" "$2"
}

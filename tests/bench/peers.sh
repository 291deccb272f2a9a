#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tests/bench/peers.sh PEER BIN_DIR IDLE_SECONDS: measures one supervisor with 20 services, as root.
# Called by ./bench, inside namespaces of its own so that nothing stays behind. PEER: ctdb-processd, s6, runit, supervisord.
# Prints bench-run's line of JSON. Exit code: that of bench-run.
set -eu
peer=$1 bin=$2 idle=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BENCH_SOCKET="$work/leaves"
mkdir "$work/services"

# Prints the numbers of the services.
list_services()
{
	seq -w 20
}

case $peer in
ctdb-processd)
	mkdir "$work/state" "$work/run"
	for i in $(list_services); do
		cat >"$work/services/leaf$i.toml" <<E
[service]
command = ["$bin/bench-work", "leaf", "$BENCH_SOCKET"]
[service.restart]
policy = "always"
delay = "0s"
E
	done
	set -- "$bin/ctdb-processd" --foreground --config-dir "$work/services" --state-dir "$work/state" \
		--runtime-dir "$work/run"
	;;
s6 | runit)
	# A service is a directory with a program "run"; the usual shell script would only add its own start.
	for i in $(list_services); do
		mkdir "$work/services/leaf$i"
		cp "$bin/bench-work" "$work/services/leaf$i/run"
	done
	if [ "$peer" = s6 ]; then set -- s6-svscan "$work/services"; else set -- runsvdir -P "$work/services"; fi
	;;
supervisord)
	{
		printf '[supervisord]\nnodaemon=true\nuser=root\nlogfile=%s/log\npidfile=%s/pid\nchildlogdir=%s\n' \
			"$work" "$work" "$work"
		for i in $(list_services); do
			printf '[program:leaf%s]\ncommand=%s/bench-work leaf %s\nautorestart=true\n' "$i" "$bin" "$BENCH_SOCKET"
		done
	} >"$work/conf"
	set -- supervisord -n -c "$work/conf"
	;;
*)
	echo "peers.sh: no such peer: $peer" >&2
	exit 2
	;;
esac
"$bin/bench-run" supervisor --socket "$BENCH_SOCKET" --services 20 --kills 20 --idle "$idle" --log "$work/log.out" -- "$@" || {
	_code=$?
	cat "$work/log.out" >&2
	exit "$_code"
}

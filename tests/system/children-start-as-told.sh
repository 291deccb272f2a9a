#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that is configured about a process holds in it, of a service and of a run alike: session, cgroup, descriptors,
# limits, nice, I/O class, scheduler, CPUs, OOM score, umask, user and groups, directory, environment; and it starts clean:
# default signals, nothing blocked, the usual timer slack, while the daemon itself goes first. What the kernel refuses fails the start and names the key, unless
# it is listed in as_permitted.
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
need chrt ionice taskset setpriv prlimit
mkdir -m 777 "$T/work"
cat >"$T/environment" <<'E'
# A file of variables.
FROM_FILE=file
BOTH="from the file"
E
# look PID: at a process from outside, as what a shell finds of itself is not what it was given.
look()
{
	pid=$1
	wait_for 'the command runs' grep -qx sleep "/proc/$pid/comm"
}

# of KEY: a line of its /proc/PID/status, blanks made one.
of()
{
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status" | xargs
}

environment()
{
	tr '\0' '\n' <"/proc/$pid/environ" | sort
}

# limit TEXT: soft and hard.
limit()
{
	sed -n "s/^$1  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" "/proc/$pid/limits"
}

# Has a service got its process?
has_main()
{
	field "$1" .main.pid | grep -q '[0-9]'
}

judge()
{
	look "$2"
	equal "$1: uid" '65534 65534 65534 65534' "$(of Uid)"
	equal "$1: gid" '4 4 4 4' "$(of Gid)"
	equal "$1: groups" '5 6' "$(of Groups)"
	equal "$1: blocked, ignored and caught signals" '0000000000000000 0000000000000000' "$(of SigBlk) $(of SigIgn)"
	equal "$1: a session and group of its own" "$pid $pid $pid" "$(cut -d ' ' -f 1,5,6 "/proc/$pid/stat")"
	equal "$1: nice" 7 "$(cut -d ' ' -f 19 "/proc/$pid/stat")"
	equal "$1: I/O" 'best-effort: prio 6' "$(ionice -p "$pid")"
	equal "$1: scheduler" 'SCHED_BATCH 0' "$(chrt -p "$pid" | sed 's/.*: //' | xargs)"
	equal "$1: CPUs" 0 "$(taskset -cp "$pid" | sed 's/.*: //')"
	equal "$1: OOM score" 321 "$(cat "/proc/$pid/oom_score_adj")"
	equal "$1: timer slack" 50000 "$(cat "/proc/$pid/timerslack_ns")"
	equal "$1: umask" 0027 "$(of Umask)"
	equal "$1: directory" "$T/work" "$(readlink "/proc/$pid/cwd")"
	equal "$1: open files" '111 222' "$(limit 'Max open files')"
	equal "$1: core" '0 0' "$(limit 'Max core file size')"
	equal "$1: processes" '333 333' "$(limit 'Max processes')"
	equal "$1: descriptors" "$3" "$(for fd in "/proc/$pid/fd"/*; do echo "${fd##*/} $(readlink "$fd")"; done | sed 's/\[.*//' | xargs)"
	# Its own cgroup, where there are any.
	if [ "$(api GET /v1/system | jq -r .proof)" = cgroup ]; then
		refuse "$1: it is in the keeper's cgroup" cmp -s "/proc/$pid/cgroup" "/proc/$KEEPER/cgroup"
	fi
}

attributes='"user": "65534", "group": "4", "groups": ["5", "6"], "umask": 23, "nice": 7, "io_class": "best-effort",
	"io_level": 6, "scheduler": "batch", "cpus": [0], "oom_score_adj": 321,
	"limits": {"nofile": {"soft": 111, "hard": 222}, "core": 0, "nproc": 333}'
service all <<E
[service]
command = ["sleep", "1000"]
user = "65534"
group = "4"
groups = ["5", "6"]
cwd = "$T/work"
umask = "027"
environment_file = "$T/environment"
environment = { SET = "a b", BOTH = "from the table" }
nice = 7
io_class = "best-effort"
io_level = 6
scheduler = "batch"
cpus = [0]
oom_score_adj = 321
limits = { nofile = { soft = 111, hard = 222 }, core = 0, nproc = 333 }
pre_start = [["sh", "-c", "umask; id -u; nice"]]
[service.ready]
fd = 9
E
service plain <<E
[service]
command = ["sleep", "1000"]
E
service real <<E
[service]
command = ["sleep", "1000"]
scheduler = "rr"
priority = 3
as_permitted = ["scheduler"]
E
# Whoever starts the daemon may ignore signals, have descriptors open and variables set; its children do not.
SECRET=secret
export SECRET
exec 9>"$T/inherited"
(
	trap '' USR1 PIPE
	launch_daemon
	echo "$KEEPER" >"$T/keeper"
)
KEEPER=$(cat "$T/keeper")
remember "$KEEPER"
exec 9>&-
wait_for 'the API answers' answered_or_gone

for name in all plain real; do
	wait_for "$name runs" has_main $name
done
judge all "$(field all .main.pid)" '0 /dev/null 1 pipe: 2 pipe: 9 pipe:'
equal 'all: environment' "BOTH=from the table
FROM_FILE=file
LANG=C.UTF-8
LOGNAME=nobody
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SET=a b
SHELL=/usr/sbin/nologin
USER=nobody" "$(environment | grep -Ev '^(CTDB_PROCESSD_|HOME=)')"
equal 'all: whose it is' all "$(environment | sed -n 's/^CTDB_PROCESSD_SERVICE=//p')"
equal 'its pre_start command is as it is' '0027 65534 7' \
	"$(api GET '/v1/runs?name=all&kind=pre_start' | jq -r '.runs[0].id' | xargs -I {} curl -s --unix-socket "$SOCKET" 'http://localhost/v1/runs/{}' |
		jq -r '.tail[].text' | xargs)"

run=$(api POST /v1/runs "{\"command\": [\"sleep\", \"1000\"], \"cwd\": \"$T/work\", $attributes}" | jq -r .id)
# Has the run got a process?
has_process()
{
	[ "$(api GET "/v1/runs/$run" | jq -r .state)" = running ]
}
wait_for 'the run runs' has_process
judge run "$(api GET "/v1/runs/$run" | jq -r .pid)" '0 /dev/null 1 pipe: 2 pipe:'
expect 'it is cancelled' api DELETE "/v1/runs/$run"

# The daemon goes first, and nobody inherits that: not the session either, where the kernel knows of priorities of sessions.
priority()
{
	cut -d ' ' -f 19 "/proc/$1/stat"
	[ ! -e "/proc/$1/autogroup" ] || sed 's/.* nice //' "/proc/$1/autogroup"
}
[ -e /proc/self/autogroup ] && high='-10 -10' low='0 0' || high=-10 low=0
equal 'the keeper goes first' -10 "$(priority "$KEEPER" | head -n 1)"
equal 'the manager goes first' "$high" "$(priority "$(manager_pid)" | xargs)"
equal 'a child does not' "$low" "$(priority "$(field plain .main.pid)" | xargs)"
equal 'the system says so' true "$(api GET /v1/system | jq .abilities.priority)"

# Defaults, whatever the daemon's own are.
look "$(field plain .main.pid)"
equal 'plain: uid and groups' '0 0 0 0 / 0 0 0 0' "$(of Uid) / $(of Gid)"
equal 'plain: nice, OOM score, umask, directory' '0 0 0022 /' \
	"$(cut -d ' ' -f 19 "/proc/$pid/stat") $(cat "/proc/$pid/oom_score_adj") $(of Umask) $(readlink "/proc/$pid/cwd")"
equal 'plain: scheduler' 'SCHED_OTHER 0' "$(chrt -p "$pid" | sed 's/.*: //' | xargs)"
look "$(field real .main.pid)"
case $(chrt -p "$pid" | sed 's/.*: //' | xargs) in
'SCHED_RR 3') refused= ;;
'SCHED_OTHER 0') refused=scheduler ;;
*) fail "real: $(chrt -p "$pid")" ;;
esac
equal 'real: what was refused' "$refused" "$(api GET '/v1/runs?name=real&kind=service' | jq -r '.runs[0].reduced | join(" ")')"
kill -TERM "$KEEPER"
wait_for 'the daemon ends' gone "$KEEPER"
KEEPER=
rm "$CONFIG"/*

# A daemon that may not raise anything, as in a container.
hard=1000
for key in nofile nice oom_score_adj; do
	case $key in
	nofile) line='limits = { nofile = { soft = 500, hard = 5000 } }' name=limits ;;
	nice) line='nice = -5' name=nice ;;
	oom_score_adj) line='oom_score_adj = -500' name=oom_score_adj ;;
	esac
	printf '[service]\ncommand = ["sleep", "1000"]\n%s\n[service.restart]\npolicy = "never"\n' "$line" >"$CONFIG/no-$key.toml"
	printf '[service]\ncommand = ["sleep", "1000"]\n%s\nas_permitted = ["%s"]\n' "$line" "$name" >"$CONFIG/as-$key.toml"
done
setpriv --bounding-set -sys_resource,-sys_nice --inh-caps -sys_resource,-sys_nice prlimit --nofile=$hard:$hard --nice=0 \
	"$BIN_DIR/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" --runtime-dir "$RUNTIME" >>"$LOG" 2>&1 </dev/null &
KEEPER=$!
wait_for 'the API answers' answered_or_gone
for key in no-nofile no-nice no-oom_score_adj; do
	wait_for "$key has failed" service_is $key failed
done
refused()
{
	field "$1" '"\(.last.outcome) \(.last.stage) \(.last.errno)"'
}
equal 'the limit' 'spawn_failed limits:nofile 1' "$(refused no-nofile)"
equal 'nice' 'spawn_failed scheduler:nice 13' "$(refused no-nice)"
equal 'the OOM score' 'spawn_failed limits:oom_score_adj 13' "$(refused no-oom_score_adj)"
equal 'why it failed' 'its process could not start: limits:nofile: Operation not permitted, and its restart policy is never' \
	"$(field no-nofile .reason)"
wait_for 'as-nofile runs' service_is as-nofile ready
look "$(field as-nofile .main.pid)"
equal 'the limit, cut to what there is' "500 $hard" "$(limit 'Max open files')"
wait_for 'as-nice runs' service_is as-nice ready
look "$(field as-nice .main.pid)"
equal 'nice is left' 0 "$(cut -d ' ' -f 19 "/proc/$pid/stat")"
wait_for 'as-oom_score_adj runs' service_is as-oom_score_adj ready
look "$(field as-oom_score_adj .main.pid)"
expect 'the log tells' grep -q 'less than it asks for.*service=as-oom_score_adj not_permitted=oom_score_adj' "$LOG"
for key in nofile:limits nice:nice oom_score_adj:oom_score_adj; do
	equal "the record of ${key%:*}" "${key#*:}" "$(api GET "/v1/runs?name=as-${key%:*}&kind=service" | jq -r '.runs[0].reduced | join(" ")')"
done
stop_daemon

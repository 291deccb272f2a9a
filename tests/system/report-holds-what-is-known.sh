#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# processctl report writes one archive with what is known of a node, without secrets; what cannot be had, as the daemon is stopped
# or hangs or a file does not let itself be read, is told in its manifest and holds up nobody; no report replaces a file, and
# none is left in part.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need jq tar gzip

service web <<'E'
[service]
command = ["sh", "-c", "echo web is up; exec sleep 1000", "sh", "--password=planted-1", "-k", "planted-2"]
environment = { TOKEN = "planted-3" }
redact = ["-k"]
E
service fails <<'E'
[service]
command = ["sh", "-c", "echo what went wrong >&2; exit 3", "sh", "--db-password", "planted-4"]
[service.restart]
policy = "never"
E
service backup <<'E'
[job]
command = ["curl", "https://me:planted-5@localhost/"]
E
# It hands a secret on that only redact knows of.
cat >"$T/outer" <<'E'
sh -c 'sleep 1000; :' sh -k planted-6
E
service outer <<E
[service]
command = ["sh", "$T/outer"]
E
mkdir "$T/out"
cd "$T/out"

# unpack FILE: into $T/report, and checks what holds for every report.
unpack()
{
	rm -rf "$T/report" "$T/unpacked"
	mkdir "$T/unpacked"
	expect 'tar reads it' tar -xzf "$1" -C "$T/unpacked"
	mv "$T/unpacked"/* "$T/report"
	refuse 'a secret is in it' grep -r planted "$T/report"
	find "$T/report" -name '*.json' >"$T/json"
	while read -r _file; do
		expect "${_file##*/} is JSON" jq -e . "$_file"
	done <"$T/json"
}
lists()
{
	sed -n "/^$1\$/,/^\$/p" "$T/report/MANIFEST" | grep -qE "^$2"
}

start_daemon
wait_for 'it has failed' service_is fails failed
wait_for 'it is up' service_is web ready
wait_for 'and so is the other' service_is outer ready
api POST '/v1/runs?wait=30s' '{"command": ["sh", "-c", "exit 7"], "environment": {"SECRET": "planted-7"}}' >"$T/run"
# What is on disk by now is not what runs.
cat >>"$CONFIG/web.toml" <<'E'
nice = 3
enviroment = { TOKEN = "planted-8" }
E

archive=$(ctl report 2>"$T/said") || fail 'there is no report'
expect 'something is missing, which it says' grep -q '^processctl: 1 file could not be had; MANIFEST' "$T/said"
expect 'its name' sh -c "case '$archive' in ctdb-processd-report-*-20*Z.tar.gz) ;; *) exit 1 ;; esac"
equal 'its mode' 600 "$(stat -c %a "$archive")"
expect 'its top' sh -c "tar -tzf '$archive' | head -1 | grep -qx '${archive%.tar.gz}/MANIFEST'"
unpack "$archive"
expect 'nothing is missing but a plan' equal missing 1 "$(sed -n '/^MISSING$/,$p' "$T/report/MANIFEST" | grep -c :)"
expect 'why not' lists MISSING 'api/plan.json .*: the configuration on disk has 1 error'
for file in doctor.txt why.txt status.txt logs.txt api/metrics.txt host/processes.txt host/packages.txt host/mounts.txt; do
	expect "$file is there" test -s "$T/report/$file"
	expect "$file is told of" lists FILES "$file "
done
cd "$T/report"
equal 'services' 'fails failed,outer ready,web ready' \
	"$(jq -r '[.services[] | .name + " " + .state] | join(",")' api/services.json)"
equal 'configuration in force' '[false,null]' \
	"$(jq -c '[.names[] | select(.name == "web") | .keys[] | select(.key == "service.nice")] == [] | [not, null]' api/config.json)"
expect 'and on disk' jq -e '.errors | length == 1' config-on-disk.json
expect 'why in sentences' grep -q 'exited with code 3' why.txt
equal 'failed runs, with what they said' 'fails 3 what went wrong,sh 7 ' \
	"$(jq -r '[.runs | sort_by(.name)[] | "\(.name) \(.code) \([.tail[]?.text | rtrimstr("\n")] | join(" "))"] | join(",")' runs-failed.json)"
equal 'last runs' web "$(jq -r '.runs[].name' runs/web.json)"
expect 'output' grep -q 'web: web is up' logs.txt
main=$(field web .main.pid)
expect 'a process' grep -qE "^ *$main .* sleep\$" host/processes.txt
expect 'its threads' grep -q "^  thread $main S sleep" host/threads.txt
expect 'its words' grep -qx "$main sleep 1000" host/commands.txt
expect 'words that redact hides, of whom it does not know' grep -qE '^[0-9]+ sh -c sleep 1000; : sh -k \*\*\*$' host/commands.txt
if [ -n "$CGROUP" ]; then expect 'its cgroup' grep -qE "cgroup.procs: (.* )?$main( |$)" host/cgroups.txt; fi
expect 'versions' grep -q '^libc6 [0-9].* installed$' host/packages.txt
expect 'files' grep -q ' runs.tdb$' host/files.txt
cd "$T/out"

# To where it is told, and over nothing.
echo mine >"$T/out/mine"
code=0
ctl report -o mine >"$T/said" 2>&1 || code=$?
equal 'a file is not replaced' 1 "$code"
expect 'it says why' grep -q 'mine: File exists' "$T/said"
equal 'the file' mine "$(cat mine)"
mkdir "$T/there"
expect 'into a directory' test -s "$(ctl report -o "$T/there" 2>"$T/said")"
equal 'there it is' 1 "$(find "$T/there" -name 'ctdb-processd-report-*.tar.gz' | wc -l)"
ctl report -o - 2>"$T/said" | gzip -t || fail 'standard output is no archive'
equal 'for programs' true "$(ctl report --json -o 'for programs' | jq '.files | contains(["MANIFEST"]) | not')"
code=0
ctl report --since yesterday >"$T/said" 2>&1 || code=$?
equal 'no time' 2 "$code"
code=0
ctl report -o - >/dev/full 2>"$T/said" || code=$?
equal 'standard output is full' 125 "$code"

# A disk that is full leaves no part of a report.
mkdir "$T/small"
mount -t tmpfs -o size=64k none "$T/small"
head -c 60000 /dev/zero >"$T/small/ballast"
code=0
ctl report -o "$T/small/report" >"$T/said" 2>&1 || code=$?
equal 'a full disk' 1 "$code"
expect 'it says why' grep -q 'No space left on device' "$T/said"
equal 'what is left' ballast "$(ls "$T/small")"

# Sources that hang: a list of packages that nobody writes, a manager that is stopped, a keeper too.
mkfifo "$T/fifo"
mount --bind "$T/fifo" /var/lib/dpkg/status
manager=$(manager_pid)
kill -STOP "$KEEPER" "$manager"
expect 'a report of a daemon that hangs' ctl report -o hanging
kill -CONT "$KEEPER" "$manager"
unpack hanging
expect 'packages are missing' lists MISSING 'host/packages.txt .*: did not end within 3s'
expect 'the daemon is' lists MISSING 'api/services.json .*: the daemon does not answer'
expect 'the configuration is not' lists FILES config-on-disk.json
expect 'which may not know what is secret' grep -qx "$main sleep ..." "$T/report/host/commands.txt"
expect 'its processes are not' grep -q "^  thread $manager " "$T/report/host/threads.txt"
umount /var/lib/dpkg/status

# One that is interrupted leaves nothing either.
mount --bind "$T/fifo" /var/lib/dpkg/status
"$BIN_DIR/processctl" report -o interrupted >"$T/said" 2>&1 &
reporter=$!
wait_for 'it began' test -e interrupted
kill -TERM "$reporter"
wait "$reporter" 2>/dev/null || :
refuse 'something is left' test -e interrupted
umount /var/lib/dpkg/status

# Without a daemon.
stop_daemon
expect 'a report without a daemon' ctl report -o down --config-dir "$CONFIG"
unpack down
expect 'the daemon is missing' lists MISSING 'api/system.json .*is ctdb-processd running'
expect 'the configuration is not' jq -e '[.names[].name] == ["backup","fails","outer","web"]' "$T/report/config-on-disk.json"
expect 'nor is what processctl may do' grep -q cgroup_v2 "$T/report/doctor.txt"

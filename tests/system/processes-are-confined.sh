#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a process may do and what it sees is what is configured, of a service, its hooks and a run alike: capabilities, no new
# privileges, mounts of its own, which are made anew at every start, so that a program which a package has replaced is covered
# again. What cannot be had fails the start and is named.
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
mkdir "$T/theirs"
# helper FILE WORD: a program that says the word and what it can do. Moved into place, as by a package upgrade.
helper()
{
	printf '#!/bin/sh\necho "helper %s"; grep -E "^(Cap|NoNew)" /proc/self/status | xargs; exec sleep 1000\n' "$2" >"$1.new"
	chmod 755 "$1.new"
	mv "$1.new" "$1"
}
helper "$T/ours" ours
helper "$T/theirs/helper" theirs

# What is fixed in every kernel: 0x400 is CAP_NET_BIND_SERVICE, 0x20 CAP_KILL.
service confined <<E
[service]
command = ["$T/theirs/helper"]
user = "65534"
capabilities = ["CAP_NET_BIND_SERVICE"]
capability_bounds = ["CAP_NET_BIND_SERVICE", "CAP_KILL"]
no_new_privs = true
bind = [{ source = "$T/ours", target = "$T/theirs/helper", read_only = true }]
pre_start = [["sh", "-c", "echo before; grep CapEff /proc/self/status"], ["head", "-n", "2", "$T/theirs/helper"]]
E
service missing <<E
[service]
command = ["sleep", "1000"]
bind = [{ source = "$T/nowhere", target = "$T/theirs" }]
[service.restart]
policy = "never"
E
start_daemon

# said KIND: what the runs of a kind wrote, the newest first, on one line.
said()
{
	api GET "/v1/runs?name=confined&kind=$1" | jq -r '.runs[].id' | while read -r _id; do
		api GET "/v1/runs/$_id" | jq -r '.tail[].text'
	done | xargs -d '\n'
}
says()
{
	said service | grep -q "$1"
}
wait_for 'the service says what it is' says 'helper ours.*NoNewPrivs'
all='CapInh: 0000000000000400 CapPrm: 0000000000000400 CapEff: 0000000000000400 CapBnd: 0000000000000420 CapAmb: 0000000000000400 NoNewPrivs: 1'
equal 'what it is and may do' "helper ours $all" "$(said service | xargs)"
case $(said pre_start) in
*'helper ours'*before*CapEff:*0000000000000400*) ;;
*) fail "its hooks are not as it is: $(said pre_start)" ;;
esac
refuse 'the target is covered for nobody else' grep -q ours "$T/theirs/helper"
pid=$(field confined .main.pid)
refuse 'it is in a mount namespace of its own' test "$(readlink "/proc/$pid/ns/mnt")" = "$(readlink "/proc/$KEEPER/ns/mnt")"

# A package upgrade puts another file there, which is covered at the next start like the one before.
helper "$T/theirs/helper" upgraded
expect 'it restarts' ctl restart confined
wait_for 'it says again what it is' says "helper ours.*helper ours"
refuse 'the new file ran' says upgraded

# What cannot be had.
wait_for 'the other one has failed' service_is missing failed
equal 'why' "spawn_failed mounts:$T/nowhere 2" "$(field missing '"\(.last.outcome) \(.last.stage) \(.last.errno)"')"
equal 'why, in a sentence' "its process could not start: mounts:$T/nowhere: No such file or directory, and its restart policy is never" \
	"$(field missing .reason)"

# A run is confined like a service, from REST and from processctl.
run=$(run_to_end '{"command": ["sh", "-c", "grep -E \"^(CapEff|CapBnd|NoNew)\" /proc/self/status"], "capabilities": ["CAP_KILL"],
	"no_new_privs": true}')
equal 'a run' 'CapEff: 0000000000000020 CapBnd: 0000000000000020 NoNewPrivs: 1' "$(printf "%s" "$run" | jq -r '.tail[].text' | xargs)"
equal 'what is shown of it' '[["CAP_KILL"],null,true,[]]' \
	"$(printf "%s" "$run" | jq -c '.process | [.capabilities, .capability_bounds, .no_new_privs, .bind]')"
equal 'from the command line' 'helper CapEff: 0000000000000400' \
	"$(ctl run -u 65534 --capabilities CAP_NET_BIND_SERVICE --capability-bounds CAP_NET_BIND_SERVICE,CAP_SETUID --no-new-privs \
		--bind "$T/ours:$T/theirs/helper:ro" sh -c "grep -o 'helper o' $T/theirs/helper | cut -c -6; grep CapEff /proc/self/status" | xargs)"
equal 'none at all' 'CapBnd: 0000000000000000' "$(ctl run --capabilities '' grep CapBnd /proc/self/status | xargs)"
ctl run --id shown --capabilities CAP_KILL --bind "$T/ours:$T/theirs/helper:ro" true
ctl show shown >"$T/said"
expect 'show tells of its privileges' grep -q '^  privileges  *capabilities CAP_KILL$' "$T/said"
expect 'and of its mounts' grep -q "^  mounts  *$T/theirs/helper is $T/ours (read-only)\$" "$T/said"
code=0
ctl run --bind "$T/ours:$T/nowhere" true 2>"$T/said" || code=$?
equal 'a target that is missing' 125 "$code"
expect 'is named' grep -q "could not start: mounts:$T/nowhere: No such file or directory" "$T/said"

# Mistakes are told with what would be right.
equal 'a capability that does not exist' 400 "$(status_of POST /v1/runs '{"command": ["true"], "capabilities": ["CAP_NETADMIN"]}')"
equal 'is explained' '"capabilities" holds names of capabilities, not "CAP_NETADMIN"; did you mean "CAP_NET_ADMIN"?' \
	"$(jq -r .detail "$T/reply")"
service wrong <<E
[service]
command = ["true"]
capabilities = ["NET_ADMIN"]
E
code=0
"$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG" >"$T/said" 2>&1 || code=$?
equal 'a wrong file is refused' 1 "$code"
expect 'with its place' grep -q 'wrong.toml:3:17: "NET_ADMIN" is no capability; did you mean "CAP_NET_ADMIN"?' "$T/said"
rm "$CONFIG/wrong.toml"
stop_daemon

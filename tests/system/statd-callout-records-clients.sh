#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's rpc.statd with our callout: SM_MON and SM_UNMON over UDP and TCP leave CTDB's records, byte for byte, in both modes;
# what statd lets through of strangers leaves none; a directory that is gone is told to syslog.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-nfs.sh"

need_root
need rpcbind rpc.statd rpcinfo python3

# The usual places, as rpc.statd has no environment for its callout.
mkdir -p "$T/scripts" "$T/queue" "$T/shared" /var/lib/ctdb/scripts
mount --bind "$T/scripts" /var/lib/ctdb/scripts
chown statd "$T/queue" "$T/shared"
printf '10.0.0.1\nfd00::1\n' >/var/lib/ctdb/scripts/my-public-ip-addresses
printf 'persistent_db\n%s\n/var/lib/ctdb/scripts/my-public-ip-addresses\n' "$T/queue" >/var/lib/ctdb/scripts/statd_callout.conf
cp "$BIN_DIR/statd_callout" "$T/statd-callout"
start_statd "$T/statd-callout"

for transport in udp tcp; do
	rm -f "$T/queue/"*
	before=$(date +%s)
	equal "SM_MON over $transport" 0 "$(nsm -t $transport mon 192.168.7.9)"
	after=$(date +%s)
	equal 'the records' 'statd-state@10.0.0.1@192.168.7.9 statd-state@fd00::1@192.168.7.9 ' "$(list_records "$T/queue" | tr '\n' ' ')"
	for server in 10.0.0.1 fd00::1; do
		file=$T/queue/statd-state@$server@192.168.7.9
		seconds=$(sed 's/.* "\([0-9]*\)"$/\1/' "$file")
		{
			[ "$seconds" -ge "$before" ] && [ "$seconds" -le "$after" ]
		} || fail "a record of another time: $(cat "$file")"
		printf '"statd-state@%s@192.168.7.9" "%s"\n' "$server" "$seconds" | cmp - "$file" || fail "a record that differs: $(cat "$file")"
		equal 'its owner' statd "$(stat -c %U "$file")"
	done
	nsm -t $transport unmon 192.168.7.9
	for server in 10.0.0.1 fd00::1; do
		printf '"statd-state@%s@192.168.7.9" ""\n' "$server" | cmp - "$T/queue/statd-state@$server@192.168.7.9" ||
			fail 'not the record of a delete'
	done
done

# All that one lock manager monitors.
rm -f "$T/queue/"*
for client in 192.168.7.1 192.168.7.2 fe80::7; do
	nsm mon "$client" >/dev/null
done
equal 'records of three clients' 6 "$(list_records "$T/queue" | wc -l)"
nsm unmon-all
equal 'after SM_UNMON_ALL they are deletes' 6 "$(grep -lx '"[^"]*" ""' "$T/queue/"* | wc -l)"
equal 'nothing else is left behind' '' "$(find "$T/queue" -name '.*' -type f)"

# A stranger's SM_NOTIFY reaches the callout unchecked, and does nothing.
nsm notify '../../../../etc/passwd' 7
equal 'sm-notify complains of nothing' '' "$(grep -F statd_callout "$T/syslog")"

# One address that cannot be recorded does not keep the others from it; and somebody hears of it.
rm -f "$T/queue/"*
mkdir "$T/queue/statd-state@10.0.0.1@192.168.7.9"
nsm mon 192.168.7.9 >/dev/null
equal 'the other address is recorded' 'statd-state@fd00::1@192.168.7.9' "$(list_records "$T/queue")"
wait_for 'syslog has the name and the reason' grep -q 'statd_callout\[[0-9]*\]: .*statd-state@10.0.0.1@192.168.7.9: Is a directory' "$T/syslog"
nsm unmon 192.168.7.9
rm -rf "$T/queue/"*

# The other modes.
printf 'shared_dir\n%s\n/var/lib/ctdb/scripts/my-public-ip-addresses\n' "$T/shared" >/var/lib/ctdb/scripts/statd_callout.conf
nsm mon 192.168.7.9 >/dev/null
equal 'the shared records' 'statd-state@10.0.0.1@192.168.7.9 statd-state@fd00::1@192.168.7.9 ' \
	"$(list_records "$T/shared" | tr '\n' ' ')"
equal 'shared records are empty' '' "$(find "$T/shared" -type f -size +0)"
rm "$T/shared/statd-state@10.0.0.1@192.168.7.9" # taken by a notify meanwhile
nsm unmon 192.168.7.9
equal 'SM_UNMON removes what is left' '' "$(list_records "$T/shared")"
echo none >/var/lib/ctdb/scripts/statd_callout.conf
nsm mon 192.168.7.9 >/dev/null
equal 'nothing is recorded in mode none' '' "$(list_records "$T/shared")$(list_records "$T/queue")"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` has put below a prefix works from there: programs find each other, texts name that prefix, each
# man page can be read, each program that has one is there, and after the files of its manifest are removed nothing is left.
. "$(dirname "$0")/lib.sh"
need_root
need cmake mandoc flock
build=$(cd "$BIN_DIR/.." && pwd)
prefix=/opt/storage

mount -t tmpfs none /opt
# Another test may be installing, too, and both write the build's manifest.
# shellcheck disable=SC2016 # expanded by the inner shell
flock "$build/install.lock" sh -ec 'cmake --install "$1" --prefix "$2" >/dev/null; cp "$1/install_manifest.txt" "$3"' \
	sh "$build" "$prefix" "$T/manifest"
find "$prefix" -type f -printf '%m %P\n' | sort >"$T/files"
for file in '755 sbin/ctdb-processd' '755 bin/processctl' '755 libexec/ctdb-processd/ctdb-processd-manager' \
	'755 libexec/ctdb-processd/processd-prepare' '755 libexec/ctdb-processd/processd-abilities' '755 libexec/ctdb-processd/ctdbd-clean' \
	'644 share/man/man8/ctdb-processd.8' '644 share/man/man5/ctdb-processd.toml.5' '644 share/man/man1/processctl.1' \
	'644 share/bash-completion/completions/processctl' '644 lib/systemd/system/ctdb-processd.service' \
	'644 share/doc/ctdb-processd/examples/ctdbd.toml' '644 share/doc/ctdb-processd/examples/prometheus/alerts.yml' \
	'644 share/doc/ctdb-processd/openapi.yaml'; do
	expect "$file is installed" grep -qxF "$file" "$T/files"
done
for page in "$TEST_DIR"/../../docs/man/*.[18]; do
	program=$(basename "${page%.*}")
	expect "$program, which has a man page, is installed" grep -qE "^755 .*/$program\$" "$T/files"
done
refuse 'a program in a directory of programs that people do not start' grep -qE ' s?bin/.*(manager|prepare)' "$T/files"
expect 'there is an image' grep -qx '644 share/doc/ctdb-processd/examples/Containerfile' "$T/files"
refuse 'a text with another prefix' grep -rnE '/usr/(local/)?(libexec/ctdb-processd|sbin/ctdb-processd|bin/processctl)' \
	"$prefix/lib" "$prefix/share/doc/ctdb-processd/examples" "$prefix/libexec/ctdb-processd/ctdbd-clean"
expect 'the unit starts what is installed' grep -qx "ExecStart=$prefix/sbin/ctdb-processd --foreground" \
	"$prefix/lib/systemd/system/ctdb-processd.service"
image=$prefix/share/doc/ctdb-processd/examples/Containerfile
equal 'the entry point of the image' "$prefix/sbin/ctdb-processd --init" "$(sed -n 's/^ENTRYPOINT //p' "$image" | jq -r 'join(" ")')"
expect 'the image asks whether all is well' grep -q "CMD $prefix/bin/processctl probe --level ready" "$image"
for page in "$prefix"/share/man/man*/*; do
	expect "$page can be read" mandoc -T ascii "$page"
done

# The examples are good as they are installed, once there is what they start.
cp "$prefix"/share/doc/ctdb-processd/examples/*.toml "$CONFIG/"
expect 'the examples are valid' "$prefix/sbin/ctdb-processd" --check --config-dir "$CONFIG"
rm "$CONFIG"/*

# By another way than its path, and without the build: programs are looked for from where the keeper's file is.
mount -t tmpfs none "$BIN_DIR"
ln -s "$prefix/sbin/ctdb-processd" "$prefix/bin/processctl" "$BIN_DIR/"
service clock <<'E'
[service]
command = ["/bin/sh", "-c", "id -un; exec sleep 1000"]
user = "nobody"
E
start_daemon
equal "the manager's program" "$prefix/libexec/ctdb-processd/ctdb-processd-manager" \
	"$(readlink "/proc/$(manager_pid)/exe")"
wait_for 'the service runs' ctl status clock
wait_for 'it runs as its user, whom processd-prepare has looked up' sh -c "'$prefix/bin/processctl' logs -s clock | grep nobody"
equal 'output of a run' nobody "$(ctl run --user nobody -- id -un)"
kill -9 "$(manager_pid)"
wait_for 'there is another manager' ctl status clock
stop_daemon

(cd / && xargs rm <"$T/manifest")
equal 'what is left' '' "$(find "$prefix" ! -type d)"

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ctdb_mutex_etcd_helper over TLS with a client's certificate and with user and password, by way of the one endpoint of
# several that answers; and in words what is wrong with a wrong certificate, password or right.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mutex.sh"
. "$(dirname "$0")/lib-etcd.sh"

need_root
need etcd etcdctl openssl
cd "$T"

# make_cert NAME SUBJECT: signed by the authority in ca.pem.
make_cert()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
	printf 'subjectAltName=IP:127.0.0.1\n' >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
}
for authority in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$authority.key" -out "$authority.pem" \
		-subj "/CN=$authority" -days 2
done >"$T/openssl.log" 2>&1
expect 'a certificate of the server' make_cert server /CN=server
expect 'a certificate of the client' make_cert client /CN=client
expect 'a certificate without a common name' make_cert nameless /O=client

export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379 ETCDCTL_CACERT="$T/ca.pem" ETCDCTL_CERT="$T/client.pem" ETCDCTL_KEY="$T/client.key"
start_etcd --listen-client-urls https://127.0.0.1:2379 --advertise-client-urls https://127.0.0.1:2379 --cert-file server.pem \
	--key-file server.key --trusted-ca-file ca.pem --client-cert-auth
cat >"$ETCD_CONF" <<E
# Nobody is at the first, and the second is no etcd.
endpoints = https://127.0.0.1:2378, http://127.0.0.1:2379 https://127.0.0.1:2379/
lock_ttl = 2
ca_cert = $T/ca.pem
cert = $T/client.pem
key = $T/client.key
E
holds first "$ETCD" "$ETCD_CONF"
ask second "$ETCD" "$ETCD_CONF"
wait_for 'the second is told' has second 1
equal 'what the second said' '' "$(said second)"
is_old()
{
	[ "$(ps -o etimes= -p "$(pid_of first)")" -ge 3 ]
}
wait_for 'it holds for longer than its lease' is_old
refuse 'it has let go' lost first
let_go first TERM

# fails_with WORDS: the answer is an error, and these words are in the line.
fails_with()
{
	ask wrong "$ETCD" "$T/wrong.conf" "${2:-lock}"
	wait_for 'an answer' has_answer wrong
	expect 'the answer is an error' has wrong 3
	wait_for 'it has ended' ended wrong
	said wrong | grep -q "$1" || fail "it said: $(said wrong)"
	equal 'lines that it said' 1 "$(said wrong | wc -l)"
}
sed 's/^endpoints.*/endpoints = https:\/\/127.0.0.1:2379/; s/ca\.pem/other.pem/' "$ETCD_CONF" >"$T/wrong.conf"
fails_with 'SSL certificate problem'

# Users and rights.
for command in 'user add root:geheim' 'user grant-role root root' 'role add locks' 'role grant-permission locks readwrite cluster/lock' \
	'user add ctdb:secret' 'user grant-role ctdb locks' 'auth enable'; do
	# shellcheck disable=SC2086 # words
	expect "etcdctl $command" etcdctl $command
done
sed 's/^endpoints.*/endpoints = https:\/\/127.0.0.1:2379/' "$ETCD_CONF" >"$T/bare.conf"
cp "$T/bare.conf" "$T/wrong.conf"
fails_with 'CommonName of client' # etcd's own rule: with users, its gateway takes no names from certificates
sed -i 's/client\.\(key\|pem\)/nameless.\1/' "$T/bare.conf"
cp "$T/bare.conf" "$T/wrong.conf"
fails_with 'user name is empty'
printf 'username = ctdb\npassword = wrong\n' | cat "$T/bare.conf" - >"$T/wrong.conf"
fails_with 'authentication failed'
printf 'username = ctdb\npassword = secret\n' | cat "$T/bare.conf" - >"$T/wrong.conf"
fails_with 'permission denied' not/allowed
holds user "$ETCD" "$T/wrong.conf" cluster/lock
let_go user TERM
holds user "$ETCD" "$T/wrong.conf" cluster/lock
let_go user TERM

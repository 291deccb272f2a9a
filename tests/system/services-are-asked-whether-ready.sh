#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Services that are asked whether they are ready: by a connection, over TCP and a Unix socket; by HTTP, over both; by the
# NULL procedure of ONC RPC, over TCP and UDP, IPv4 and IPv6, at a port and where rpcbind says. None of it starts a process. While
# they are not, the reason says what the answer was; a manager that is killed meanwhile makes no difference.
# test: asan
. "$(dirname "$0")/lib.sh"

need_root
need rpcbind rpc.statd python3
mount -t tmpfs run /run
mkdir -p "$T/nfs/sm" "$T/nfs/sm.bak" /run/rpcbind
chown -R statd:nogroup "$T/nfs"
mount --bind "$T/nfs" /var/lib/nfs

# web.py WHAT WHERE: a server that answers 503 until the file $T/healthy exists, then 200; or one that only listens.
cat >"$T/web.py" <<'E'
import http.server, os, socket, sys

class Health(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "somebody"
    def do_GET(self):
        healthy = self.path == "/health?level=ready" and os.path.exists(os.environ["HEALTHY"])
        self.send_response(200 if healthy else 503)
        self.end_headers()

what, where = sys.argv[1:3]
unix = where.startswith("/")
address = where if unix else (where.rsplit(":", 1)[0].strip("[]"), int(where.rsplit(":", 1)[1]))
family = socket.AF_UNIX if unix else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
class Server(http.server.HTTPServer):
    address_family = family
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.server_name, self.server_port = "test", 0
if what == "http":
    Server(address, Health).serve_forever()
s = socket.socket(family)
if not unix:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(address)
while not os.path.exists(os.environ["HEALTHY"]):
    if os.path.exists(os.environ["HEALTHY"] + ".wait"):
        import time; time.sleep(0.01)
    else:
        break
s.listen()
while True:
    s.accept()[0].close()
E

# asked NAME SERVER WHERE READY-LINE
asked()
{
	service "$1" <<E
[service]
command = ["python3", "$T/web.py", "$2", "$3"]
environment = { HEALTHY = "$T/healthy" }
[service.ready]
$4
every = "20ms"
E
}
: >"$T/healthy.wait"
asked tcp listen 127.0.0.1:7001 'tcp = "127.0.0.1:7001"'
asked tcp6 listen '[::1]:7002' 'tcp = "[::1]:7002"'
asked unix listen "$T/unix.socket" "unix = \"$T/unix.socket\""
asked http http 127.0.0.1:7003 'http = "http://127.0.0.1:7003/health?level=ready"'
asked http-unix http "$T/web.socket" "http = \"http://unix:$T/web.socket:/health?level=ready\""
service rpcbind <<'E'
[service]
command = ["rpcbind", "-f"]
[service.ready]
rpc = { program = "portmapper", version = 4, protocol = "udp", address = "[::1]:111" }
every = "20ms"
E
# rpc NAME LINE: a service that is ready when statd answers in this way.
rpc()
{
	service "$1" <<E
[service]
command = ["sleep", "1000"]
after = ["rpcbind"]
[service.ready]
rpc = $2
every = "20ms"
E
}
rpc statd-udp '{ program = "status", version = 1, protocol = "udp" }'
rpc statd-tcp '{ program = "status", version = 1 }'
rpc statd-udp6 '{ program = "status", version = 1, protocol = "udp", address = "[::1]" }'
rpc statd-tcp6 '{ program = 100024, version = 1, address = "[::1]" }'
rpc statd-port '{ program = "status", version = 1, protocol = "udp", address = "127.0.0.1:662" }'
rpc statd-version '{ program = "portmapper", version = 9, address = "127.0.0.1:111" }'
start_daemon

# because NAME TEXT: is that why it is not ready?
because()
{
	field "$1" .reason | grep -qF "$2"
}
wait_for 'rpcbind answers' service_is rpcbind ready
wait_for 'tcp is refused' because tcp 'tcp 127.0.0.1:7001: connect: Connection refused'
wait_for 'tcp6 is refused' because tcp6 'tcp [::1]:7002: connect: Connection refused'
wait_for 'unix is refused' because unix "unix $T/unix.socket: connect: Connection refused"
wait_for 'http says 503' because http 'http://127.0.0.1:7003/health?level=ready: it answered with status 503'
wait_for 'http-unix says 503' because http-unix ': it answered with status 503'
for name in udp tcp udp6 tcp6; do
	wait_for "statd-$name is not registered" because "statd-$name" 'it is not registered with rpcbind'
done
wait_for 'nobody is at the port' because statd-port 'rpc status v1 udp 127.0.0.1:662: '
wait_for 'the version is not there' because statd-version 'rpc portmapper v9 tcp 127.0.0.1:111: it has versions 2 to 4 only'
for name in tcp tcp6 unix http http-unix statd-udp; do
	equal "$name" starting "$(field "$name" .state)"
done

kill -KILL "$(manager_pid)"
wait_for 'the next manager serves' answered_or_gone
equal 'none is ready' starting "$(field http .state)"
: >"$T/healthy"
rpc.statd -F --no-notify -p 662 >/dev/null 2>&1 &
remember $!
for name in tcp tcp6 unix http http-unix statd-udp statd-tcp statd-udp6 statd-tcp6 statd-port; do
	wait_for "$name is ready" service_is "$name" ready
done
equal 'one that is not' starting "$(field statd-version .state)"
equal 'runs that were started to ask' 0 "$(api GET '/v1/runs?kind=ready' | jq '.runs | length')"
stop_daemon

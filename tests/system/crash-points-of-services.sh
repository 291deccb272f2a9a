#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed at each crash point that services lead to: what operators want is done, once it was promised,
# and what they left alone goes on.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

set_services
open_daemon
fulfil restart commit:before:state commit:after:state send:before:signal send:after:signal send:before:spawn \
	send:after:spawn send:before:ack commit:before:records reply:before:POST reply:after:POST
fulfil restart_whole send:before:spawn send:after:spawn send:before:ack send:after:ack commit:after:state
fulfil restart_tells send:before:watch send:after:watch send:after:spawn
fulfil restart_base commit:before:state commit:after:state send:before:signal send:after:spawn
fulfil restart_group commit:before:state commit:after:state send:before:signal send:after:spawn reply:before:POST
fulfil down_group commit:after:state send:before:signal send:after:signal reply:after:POST
fulfil down send:before:signal send:after:signal commit:after:state reply:after:POST
fulfil down_up send:before:read send:after:read commit:before:state send:before:spawn send:after:spawn
fulfil declare commit:before:state commit:after:state send:before:spawn send:after:spawn reply:before:PUT reply:after:PUT
fulfil remove commit:before:state commit:after:state send:before:signal send:after:signal reply:before:DELETE reply:after:DELETE
fulfil fall commit:before:state commit:after:state send:before:spawn send:after:spawn send:before:ack
close_daemon

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manager is killed at each crash point that runs lead to; no run is lost, done twice, or told wrongly.
# test: crash-points timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-deaths.sh"

set_services
open_daemon
fulfil finish send:before:spawn send:after:spawn
fulfil finish commit:before:records commit:after:records
fulfil finish send:before:ack send:after:ack
fulfil finish reply:before:PUT reply:after:PUT reply:before:GET reply:after:GET
fulfil talk send:before:watch send:after:watch write:before:sink write:after:sink
fulfil lookup send:before:spawn send:after:spawn commit:after:records send:before:ack
fulfil polite send:before:signal send:after:signal
fulfil stubborn send:before:empty send:after:empty
fulfil cancel send:before:signal send:after:signal reply:before:DELETE reply:after:DELETE
fulfil withdraw send:before:cookie send:after:cookie reply:after:DELETE
fulfil forgo reply:after:DELETE
fulfil leave send:before:empty send:after:empty
fulfil missing send:after:spawn send:before:ack
close_daemon

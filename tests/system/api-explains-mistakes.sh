#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each mistake that a client can make is answered with its status, its kind and a sentence that says what would be right,
# and the services go on.
# test: asan
. "$(dirname "$0")/lib.sh"

service web <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the service is ready' service_is web ready
main=$(field web .main.pid)

# mistake STATUS KIND TEXT METHOD PATH [BODY [CURL-ARG…]]: the reply has the status, the kind, and TEXT in its detail.
mistake()
{
	_wanted=$1 _kind=$2 _text=$3
	shift 3
	equal "status of $1 $2 ${3-}" "$_wanted" "$(status_of "$@")"
	equal "kind of $1 $2 ${3-}" "$_kind" "$(jq -r .kind "$T/reply")"
	equal "status in the body of $1 $2" "$_wanted" "$(jq -r .status "$T/reply")"
	case $(jq -r .detail "$T/reply") in
	*"$_text"*) ;;
	*) fail "$1 $2 ${3-}: expected \"$_text\" in $(cat "$T/reply")" ;;
	esac
}

mistake 404 not_found 'did you mean /v1/services?' GET /v1/servces
mistake 404 not_found 'did you mean /v1/services/web/start?' POST /v1/services/web/strat
mistake 404 not_found 'there is nothing at /' GET /
mistake 404 not_found 'did you mean "web"?' GET /v1/services/wbe
mistake 404 not_found 'did you mean "web"?' POST /v1/services/wbe/stop
mistake 404 not_found nosuchrun GET /v1/runs/nosuchrun
mistake 404 not_found nosuchrun DELETE /v1/runs/nosuchrun
mistake 404 not_found nosuchrun GET /v1/runs/nosuchrun/output
mistake 404 not_found nosuchop GET /v1/operations/nosuchop
mistake 404 not_found nosuchop DELETE /v1/operations/nosuchop
mistake 404 not_found wbe GET '/v1/logs?service=wbe'
mistake 404 not_found nosuchrun GET '/v1/logs?run=nosuchrun&follow=1'
mistake 405 method_not_allowed 'knows GET, HEAD, POST' PATCH /v1/runs
mistake 405 method_not_allowed 'knows POST' GET /v1/services/web/start
mistake 400 unknown_key 'did you mean "limit"?' GET '/v1/runs?limt=5'
mistake 400 unknown_key 'it takes none' GET '/v1/system?x=1'
mistake 400 bad_request 'once only' GET '/v1/runs?limit=5&limit=6'
mistake 400 bad_request '"limit" must be a whole number from 1 to 1000' GET '/v1/runs?limit=0'
mistake 400 bad_request '"kind" must be one of adhoc, service' GET '/v1/runs?kind=x'
mistake 400 bad_request '"state" must be one of starting, running' GET '/v1/runs?state=x'
mistake 400 bad_request '"outcome" must be one of exited, signaled' GET '/v1/runs?outcome=x'
mistake 400 bad_request '"state" must be one of pending, running, done' GET '/v1/operations?state=x'
mistake 400 bad_request '"since" must be an RFC 3339 time' GET '/v1/runs?since=monday'
mistake 400 bad_request '"min_duration" must be a number and a unit' GET '/v1/runs?min_duration=5'
mistake 400 bad_request '"wait" must be a number and a unit' POST '/v1/services/web/start?wait=5'
mistake 400 bad_request '"wait" must be at most 1h' POST '/v1/services/web/start?wait=2h'
mistake 400 bad_request '"after" must be a token' GET '/v1/watch?after=x'
mistake 400 bad_request '"follow" must be 0 or 1' GET '/v1/logs?follow=yes'
mistake 400 bad_request '' GET '/v1/runs?after=nonsense'
mistake 400 bad_request 'percent-encoded' GET /v1/%zz
mistake 400 bad_request 'takes no body' POST /v1/services/web/start '{}'
mistake 400 bad_json 'the body is empty' POST /v1/runs
mistake 400 bad_json 'not JSON' POST /v1/runs '{"command": ["true"'
mistake 400 bad_request 'must be a JSON object' POST /v1/runs '["true"]'
mistake 400 unknown_key 'did you mean "command"?' POST /v1/runs '{"comand": ["true"]}'
mistake 400 bad_request '"command" must be an array' POST /v1/runs '{"command": "true"}'
mistake 400 bad_request '"timeout_ms" must be a whole number' POST /v1/runs '{"command": ["true"], "timeout_ms": "5s"}'
mistake 400 bad_request 'must be a letter or digit' PUT /v1/runs/-x '{"command": ["true"]}'
mistake 400 bad_request '"signal" must be a name or number' POST /v1/services/web/signal '{"signal": "NONE"}'
mistake 400 bad_request '"scope" must be one of' POST /v1/services/web/signal '{"signal": "HUP", "scope": "all"}'
mistake 400 unknown_key 'did you mean "signal"?' POST /v1/services/web/signal '{"signl": "HUP"}'
mistake 409 conflict 'stop the service instead' DELETE "/v1/runs/$(field web .main.run)"

head -c 60000 /dev/zero | tr '\0' '[' >"$T/deep"
mistake 400 bad_json 'nested deeper' POST /v1/runs "@$T/deep"
printf '{"command": ["\377"]}' >"$T/latin"
mistake 400 bad_json 'not JSON' POST /v1/runs "@$T/latin"
head -c 3000000 /dev/zero | tr '\0' ' ' >"$T/big"
mistake 413 too_large '2097152 bytes' POST /v1/runs "@$T/big"
mistake 413 too_large '2097152 bytes' POST /v1/runs "@$T/big" -H 'Transfer-Encoding: chunked'
{
	printf '{"command": ["cat"], "stdin": "'
	head -c 1048577 /dev/zero | tr '\0' a
	printf '"}'
} >"$T/stdin"
mistake 413 too_large 'stdin is larger than the 1048576 bytes' POST /v1/runs "@$T/stdin"

equal 'the first body under an id' 200 "$(status_of PUT '/v1/runs/once?wait=30s' '{"command": ["true"], "cwd": "/"}')"
equal 'the same body again' 200 "$(status_of PUT /v1/runs/once '{ "cwd": "/", "command": ["true"] }')"
mistake 409 conflict 'was asked for differently' PUT /v1/runs/once '{"command": ["false"]}'
equal 'one run came of it' 1 "$(api GET '/v1/runs?name=true' | jq '.runs | length')"

printf 'nonsense = ' >"$CONFIG/other.toml"
mistake 422 bad_config 'nothing was changed' POST /v1/reload
equal 'the file is named' "other.toml" "$(jq -r '.errors[0].file' "$T/reply" | sed 's,.*/,,')"
rm "$CONFIG/other.toml"
equal 'a good configuration' 200 "$(status_of POST /v1/reload)"

equal 'the service went on' "$main" "$(field web .main.pid)"
refuse 'nothing failed inside' grep -q 'a mistake of ours' "$LOG"
stop_daemon

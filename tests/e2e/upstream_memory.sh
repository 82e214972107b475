#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# For how long it is remembered that a source did not bring a file, and when a source is left alone: hours by faketime.
. "$(dirname "$0")/lib.sh"

id=0123456789ABCDEF0123456789ABCDEF1

# module NAME [BEHAVIOUR]: a module of one function, and how the server answers for it.
module() {
	mkdir -p "$symbols/$1.pdb/$id"
	printf 'MODULE windows x86 %s %s.pdb\nFUNC 1000 100 0 %s()\n' "$id" "$1" "$1" >"$symbols/$1.pdb/$id/$1.sym"
	[ -z "${2:-}" ] || behave "$1.pdb/$id/$1.sym" "$2"
}
# mend NAME: from now on the server has it.
mend() { rm "$symbols/$1.pdb/$id/$1.sym.behaviour"; }

# word NAME...: what is said of these modules, one request each.
word() {
	local name words=
	for name; do
		post /symbolicate/v5 "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"$name.pdb\",\"$id\"]]}"
		words+=" $(jq -c '.results[0].found_modules[]' <<<"$body" 2>&1)"
	done
	echo "${words# }"
}
# asked NAME...: how often the server was asked for each.
asked() {
	local name counts=
	for name; do counts+=" $(upstream_requests "/$name.sym")"; done
	echo "${counts# }"
}
restarts=0
lines() { grep -c -- "$1" "$work/pool.log"; }
restart_pool() {
	stop pool
	mv "$work/pool.log" "$work/pool$((++restarts)).log"
	rm -rf "$work/cache" "$work/fastcgi.sock"
	shift_time 0
	start_pool "$1"
}

# Good answers in between: only failures in a row are a trigger.
readonly ALL="s500 s404 reset s410 s401 html s403 empty s400 wrong"
each_cause() {
	local status
	for status in 500 400 404 410 401 403; do module "s$status" "{\"status\": $status}"; done
	module reset '{"reset_at": 10}'
	module html '{"html": true}'
	module empty '{"body": ""}'
	module wrong "{\"body\": \"MODULE windows x86 ${id%1}2 wrong.pdb\\nFUNC 1000 100 0 wrong()\\n\"}"
}

# shellcheck disable=SC2086 # lists of words
memory_of_each_cause() {
	local begun
	each_cause
	is 'each cause: what it answers' "$(word $ALL)" 'null false null false null false null false null false'
	is 'each cause: asked once' "$(asked $ALL)" '1 1 1 1 1 1 1 1 1 1'
	begun=$(counter flights_begun)
	is 'remembered: the same answers' "$(word $ALL)" 'null false null false null false null false null false'
	is 'remembered: nobody was asked' "$(asked $ALL)" '1 1 1 1 1 1 1 1 1 1'
	is 'remembered: no flight' $(($(counter flights_begun) - begun)) 0
	is 'remembered: counted' "$(counter absent_hit) $(counter unknown_hit)" '5 5'
	post /symbolicate/v5 "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"s500.pdb\",\"$id\"]]}"
	like 'what is not settled may be asked again' "$(header Retry-After)" '^[0-9]+$'
	post / "{\"stacks\":[[[0,4112]]],\"memoryMap\":[[\"s500.pdb\",\"$id\"]],\"version\":4}"
	is_json 'which Snappy has no word for' '[false]' .knownModules

	is 'what is denied is logged once for all modules' "$(lines 'status 40[13]')" 1
	is 'a web page is logged with its head' \
		"$(grep -cF 'html.sym; it begins "<!DOCTYPE html>\x0a<html><title>Sign in</title><body>Please sign in"' "$work/pool.log")" 1
	is 'other wrong files of the same minute are not' "$(lines 'empty.sym\|wrong.sym')" 0
}

# lasts SECONDS SLACK BEHAVIOUR...: what such an answer leaves behind holds for so long, and no longer.  A busy
# machine may take the slack for a request or two.
later() { shift_time $((ahead += $1)); }
lasts() {
	local seconds=$1 slack=$2 behaviour
	shift 2
	for behaviour; do
		module "timed$((++timed))" "$behaviour"
		word "timed$timed" >/dev/null
		later $((seconds - slack))
		word "timed$timed" >/dev/null
		is "$behaviour: held for $seconds s" "$(asked "timed$timed")" 1
		later $((slack + 1))
		mend "timed$timed"
		is "$behaviour: not longer" "$(word "timed$timed") $(asked "timed$timed")" 'true 2'
	done
}
times() {
	timed=0 ahead=0
	lasts 30 15 '{"status": 500}' '{"reset_at": 10}' '{"status": 400}'
	lasts 60 20 '{"status": 401}' '{"status": 403}'
	lasts 600 60 '{"status": 404}' '{"status": 410}'
	lasts 3600 60 '{"html": true}' '{"body": ""}' \
		'{"body": "MODULE windows x86 00000000000000000000000000000000A other.pdb\n"}'
}

# The clock of the machine is set back by a year: nothing is remembered until then.
clock_set_back() {
	module back '{"status": 404}'
	is 'clock set back: absent' "$(word back)" false
	mend back
	shift_time $((ahead - 31000000))
	is 'clock set back: asked for again' "$(word back)" true
}

patience() {
	restart_pool .
	module patient '[{"first_n": 1, "status": 503, "headers": {"Retry-After": "120"}}]'
	module beside
	module beyond '[{"first_n": 1, "status": 429, "headers": {"Retry-After": "100000"}}]'
	is 'Retry-After: not settled' "$(word patient)" null
	is 'Retry-After: holds for the whole source' "$(word beside patient) $(asked beside patient)" 'null null 0 1'
	shift_time 90
	is 'Retry-After: after 90 s, too' "$(word beside patient) $(asked beside patient)" 'null null 0 1'
	shift_time 122
	is 'Retry-After: after 122 s both are found' "$(word beside patient) $(asked beside patient)" 'true true 1 2'
	is 'Retry-After: the log says so once' "$(lines 'left alone for 120 s') $(lines 'answers again')" '1 1'
	module later
	is 'Retry-After of a day: not settled' "$(word beyond later)" 'null null'
	shift_time $((122 + 540))
	is 'Retry-After of a day: ten minutes at most' "$(word later) $(asked later)" 'null 0'
	shift_time $((122 + 604))
	is 'Retry-After of a day: then it is asked' "$(word later beyond)" 'true true'
}

dead_server() {
	local port begun i
	restart_pool .
	port=$(cat "$work/upstream.port")
	stop upstream KILL
	for i in {1..60}; do module "dead$i"; done
	is 'dead server: not settled' "$(word dead1 dead2 dead3 dead4 dead5)" 'null null null null null'
	begun=$(counter flights_begun)
	for i in {6..55}; do [ "$(word "dead$i")" = null ] || break; done
	is 'dead server: 50 more modules' "$i" 55
	is 'dead server: without a flight' $(($(counter flights_begun) - begun)) 0
	is 'dead server: two lines' "$(lines 'left alone after 5 failures') $(lines 'dead[0-9]*.pdb/.*Failed to connect')" '1 1'
	start_upstream "$port"
	module probe '{"wait_for": "go"}'
	is 'server back: left alone for now' "$(word dead56) $(asked dead56)" 'null 0'
	shift_time 31
	word probe >"$work/probe.word" &
	check 'server back: after 31 s one asks' wait_until 20 was_asked probe
	is 'server back: and nobody else meanwhile' "$(word dead56) $(asked dead56)" 'null 0'
	touch "$symbols/go"
	wait $!
	is 'server back: the one has its answer' "$(cat "$work/probe.word")" true
	is 'server back: then all' "$(word dead56 dead57)" 'true true'
	is 'server back: one line' "$(lines 'answers again')" 1
	shift_time 70
	is 'server back: also what had failed' "$(word dead1)" true
}
was_asked() { [ "$(upstream_requests "/$1.sym")" -ge 1 ]; }

# Of two sources only that is asked again which may have something new to say.
two_sources() {
	restart_pool '.DiskCache.symbolURLs += [$url + "second"]'
	module two '{"status": 404}'
	mkdir -p "$symbols/second/two.pdb/$id"
	behave "second/two.pdb/$id/two.sym" '{"status": 500}'
	is 'two sources: one failed' "$(word two) $(upstream_requests 'GET /two') $(upstream_requests 'GET /second/two')" 'null 1 1'
	shift_time 32
	is 'two sources: after 32 s it is asked again, and alone' \
		"$(word two) $(upstream_requests 'GET /two') $(upstream_requests 'GET /second/two')" 'null 1 2'
	behave "second/two.pdb/$id/two.sym" "{\"file\": \"two.pdb/$id/two.sym\"}"
	shift_time 64
	is 'two sources: until it is found' \
		"$(word two) $(upstream_requests 'GET /two') $(upstream_requests 'GET /second/two')" 'true 1 3'
}

# Another list of sources is not answered from what these did not have.
other_sources() {
	restart_pool .
	module moved '{"status": 404}'
	is 'other sources: absent' "$(word moved)" false
	mend moved
	is 'other sources: remembered' "$(word moved)" false
	stop pool
	rm -f "$work/fastcgi.sock"
	start_pool '.DiskCache.symbolURLs += [$url + "other/.."]'
	is 'other sources: the new one is asked' "$(word moved) $(asked moved)" 'true 2'
	stop pool
	rm -f "$work/fastcgi.sock"
	start_pool '.general.blacklist = ["mov"]'
	is 'other sources: a name that nobody may be asked for needs no flight' \
		"$(word moveout) $(asked moveout) $(counter fetch_absent)" 'false 0 1'
}

e2e_begin nginx faketime
start_upstream
fake_time
start_pool
start_web nginx
memory_of_each_cause
times
clock_set_back
patience
dead_server
two_sources
other_sources
e2e_end

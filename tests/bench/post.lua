-- SPDX-License-Identifier: MIT
-- For wrk: posts the bodies of a file in turn.  wrk ... -s post.lua URL -- PATH FILE
local requests = {}
local turn = 0

function init(args)
	local headers = {["Content-Type"] = "application/json"}
	for body in io.lines(args[2]) do
		requests[#requests + 1] = wrk.format("POST", args[1], headers, body)
	end
end

function request()
	turn = turn % #requests + 1
	return requests[turn]
end

-- requests, requests per second, failed requests, 99th percentile in microseconds
function done(summary, latency)
	local errors = summary.errors
	io.write(string.format("figures %d %.1f %d %.0f\n", summary.requests, summary.requests * 1e6 / summary.duration,
		errors.connect + errors.read + errors.write + errors.status + errors.timeout, latency:percentile(99)))
end

-- For wrk: posts one picture again and again, and prints one line of JSON with the figures.
-- Usage: wrk ... -s post.lua URL -- PICTURE

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "image/png"
  wrk.body = file:read("*a")
  file:close()
end

-- wrk counts statuses of 400 and over as errors, and its times are microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, "statuses": %d, "sockets": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

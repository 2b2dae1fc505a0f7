-- Sends the requests of the file REQUESTS (method, path, token and body, between tabs) in order, over and over.
-- Every thread begins at another line. "@@" in a body becomes a number that no other request has.
local lines, n, serial, threads = {}, 0, 0, 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

function init(args)
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, token, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { ["Authorization"] = "Bearer " .. token, ["Accept"] = "application/json" }
    if body ~= "" then headers["Content-Type"] = "application/json" end
    local varies = body:find("@@", 1, true)
    lines[#lines + 1] = varies and { method, path, headers, body } or wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  n = math.floor(#lines * place / 2)
  serial = tonumber(os.getenv("SERIAL")) + place * 500000
end

function request()
  n = n % #lines + 1
  local line = lines[n]
  if type(line) == "string" then return line end
  serial = serial + 1
  return wrk.format(line[1], line[2], line[3], (line[4]:gsub("@@", string.format("%08d", serial))))
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format('@@{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"bad":%d,"socket":%d,"timeout":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.status, e.connect + e.read + e.write, e.timeout))
end

-- What wrk sends: CloudEvents, each with an id of its own. Arguments: how ids begin, events of a request, type.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  prefix = arguments[1] .. "-" .. number .. "-"
  batch = tonumber(arguments[2])
  type_of_event = arguments[3]
  pad = string.rep("x", 1024 - #'{"key":"k00000","pad":""}')
  sent = 0
end

function data()
  return string.format('{"key":"k%05d","pad":"%s"}', sent % 1000, pad)
end

-- Binary mode: the event's attributes are headers, its data is the body.
function single()
  sent = sent + 1
  return wrk.format("POST", "/events", {
    ["content-type"] = "application/json",
    ["ce-specversion"] = "1.0",
    ["ce-type"] = type_of_event,
    ["ce-source"] = "/bench",
    ["ce-id"] = prefix .. sent,
  }, data())
end

function many()
  local events = {}
  for index = 1, batch do
    sent = sent + 1
    events[index] = '{"specversion":"1.0","type":"' .. type_of_event .. '","source":"/bench","id":"'
      .. prefix .. sent .. '","datacontenttype":"application/json","data":' .. data() .. "}"
  end
  return wrk.format("POST", "/events", {
    ["content-type"] = "application/cloudevents-batch+json",
  }, "[" .. table.concat(events, ",") .. "]")
end

function request()
  if batch == 1 then return single() end
  return many()
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"failed":%d,"p50Us":%d,"p99Us":%d}\n',
    summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end

-- What an operator can write without a plugin: one post for each call, of both bodies, for which nobody
-- waits. The bodies are collected as they pass and are not held back.

local requests = {}

local function collect(handle)
  local pieces = {}
  for piece in handle:bodyChunks() do
    table.insert(pieces, piece:getBytes(0, piece:length()))
  end
  return table.concat(pieces)
end

function envoy_on_request(handle)
  local id = handle:headers():get("x-request-id")
  handle:streamInfo():dynamicMetadata():set("post", "id", id)
  requests[id] = collect(handle)
end

function envoy_on_response(handle)
  local id = handle:streamInfo():dynamicMetadata():get("post")["id"]
  local is_plain = handle:headers():get("content-encoding") == nil
  local answer = collect(handle)
  if not (is_plain and answer:sub(1, 1) == "{") then
    answer = '"' .. handle:base64Escape(answer) .. '"'
  end
  local event = '{"request_id":"' .. id .. '","request":' .. requests[id] .. ',"response":' .. answer .. "}"
  requests[id] = nil
  handle:httpCall("audit_api", {
    [":method"] = "POST",
    [":path"] = "/v1/audit/log",
    [":authority"] = "audit",
    ["content-type"] = "application/json",
  }, event, 5000, true)
end

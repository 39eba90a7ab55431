-- Products' hashes: a field per warehouse (version, seen in ms, available, limit: 8, 8, 4 and 4 bytes); facts and seen of
-- the last whole read. KEYS: one per product; ARGV: seconds to live, seconds to live while facts are unknown, then for
-- each key its facts ('' for levels alone), seen in ms, and its levels: 16 bytes of warehouse and 24 of value each, one
-- after the other. Older never overwrites newer, and nothing is ever made up: a level that comes before the product is
-- whole is only kept so that a late fill cannot go behind it.
local function newer(new, old)
  if not old then return true end
  local new_version, new_seen = struct.unpack('>i8i8', new)
  local old_version, old_seen = struct.unpack('>i8i8', old)
  return new_version > old_version or (new_version == old_version and new_seen >= old_seen)
end
for number, key in ipairs(KEYS) do
  local facts, seen, levels = ARGV[3 * number], ARGV[3 * number + 1], ARGV[3 * number + 2]
  for i = 1, #levels, 40 do
    local warehouse, value = string.sub(levels, i, i + 15), string.sub(levels, i + 16, i + 39)
    if newer(value, redis.call('HGET', key, warehouse)) then
      redis.call('HSET', key, warehouse, value)
    end
  end
  if facts ~= '' then
    local before = redis.call('HGET', key, 'seen')
    if not before or tonumber(seen) >= tonumber(before) then
      redis.call('HSET', key, 'facts', facts, 'seen', seen)
    end
    redis.call('EXPIRE', key, ARGV[1])
  elseif redis.call('HEXISTS', key, 'facts') == 0 then
    redis.call('EXPIRE', key, ARGV[2])
  end
end
return 0

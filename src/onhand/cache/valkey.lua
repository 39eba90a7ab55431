-- A product's hash: a field per warehouse, "version seen_ms available limit"; facts and seen of its last whole read.
-- KEYS[1]; ARGV: facts ('' for levels alone), seen in ms, seconds to live, seconds to live while facts are unknown,
-- then warehouse and value in turn. Older never overwrites newer, and nothing is ever made up: a level that comes before
-- the product is whole is only kept so that a late fill cannot go behind it.
local function newer(new, old)
  if not old then return true end
  local new_version, new_seen = string.match(new, '^(%d+) (%d+)')
  local old_version, old_seen = string.match(old, '^(%d+) (%d+)')
  new_version, old_version = tonumber(new_version), tonumber(old_version)
  return new_version > old_version or (new_version == old_version and tonumber(new_seen) >= tonumber(old_seen))
end
for i = 5, #ARGV, 2 do
  if newer(ARGV[i + 1], redis.call('HGET', KEYS[1], ARGV[i])) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
if ARGV[1] ~= '' then
  local seen = redis.call('HGET', KEYS[1], 'seen')
  if not seen or tonumber(ARGV[2]) >= tonumber(seen) then
    redis.call('HSET', KEYS[1], 'facts', ARGV[1], 'seen', ARGV[2])
  end
  redis.call('EXPIRE', KEYS[1], ARGV[3])
elseif redis.call('HEXISTS', KEYS[1], 'facts') == 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return 0

-- Reads who stands on keys: changes nothing.
--
-- KEYS: S Z E of each key. ARGV: the most claims per key.
-- Answers the time in microseconds, then per key: the string, its milliseconds left, and of those beside an exclusive
-- holder: id, score, entry.
local limit = tonumber(ARGV[1])
local clock = redis.call('TIME')
local alive = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local answers = { clock[1] * 1000000 + clock[2] }
for first = 1, #KEYS, 3 do
  local s = redis.call('MGET', KEYS[first])[1]
  local found = { s or '', redis.call('PTTL', KEYS[first]) }
  local function add(from, to)
    if #found >= 2 + 3 * limit then return end
    local ids = redis.call('ZRANGEBYSCORE', KEYS[first + 1], from, to, 'WITHSCORES', 'LIMIT', 0, limit)
    for i = 1, #ids, 2 do
      found[#found + 1] = ids[i]
      found[#found + 1] = ids[i + 1]
      found[#found + 1] = redis.call('HGET', KEYS[first + 2], ids[i]) or ''
    end
  end
  add(alive, '+inf')
  add('-inf', '(0')
  answers[#answers + 1] = found
end
return answers

-- Takes a claim off its keys, held or waiting, and lets in those who come next.
--
-- KEYS: S T Z E of each of the claim's keys. ARGV: id, 1 where its own client does not remove it.
-- Answers 1 where it was there, else 0.

local PEER_TURNS = 0
local CALM = true

-- The exclusive holder of one key. Where nobody waits: two commands. Where the next is an exclusive claim on this key
-- alone, which most are, it is let in by what claims.lua would do, in nine.
local v
if #KEYS == 4 and ARGV[2] == '0' then
  v = redis.call('MGET', KEYS[1], KEYS[2])
  local mine = 'hf1:' .. ARGV[1] .. ':'
  if v[1] and v[2] and string.sub(v[1], 1, #mine) == mine then
    if tonumber(v[2]) then
      redis.call('DEL', KEYS[1])
      return 1
    end
    local last, handoffs = string.match(v[2], '^(%d+)q(%d+),')
    local heads = redis.call('ZRANGE', KEYS[3], 0, 1)
    local text = heads[1] and redis.call('HGET', KEYS[4], heads[1])
    if last and text and CALM and (PEER_TURNS == 0 or tonumber(handoffs) < PEER_TURNS) then
      local expires, flag, life, placed, tail = string.match(text, '^(%d+) x(.) (%d+) (%d+) 0 0 0( .*)$')
      if expires and not string.find(tail, '\n', 1, true) then
        local clock = redis.call('TIME')
        local left = tonumber(expires) - clock[1] * 1000 - math.floor(clock[2] / 1000)
        if left >= math.max(100, life / 10) then
          local id = heads[1]
          local token = string.format('%.0f', math.max(last + 1, clock[1] * 1000000 + clock[2]))
          -- First what a full memory never refuses.
          redis.call('ZREM', KEYS[3], id)
          redis.call('HDEL', KEYS[4], id)
          redis.call('SET', KEYS[1], 'hf1:' .. id .. ':' .. flag .. token .. '/' .. placed .. tail, 'PX',
            string.format('%.0f', math.max(life, left)))
          redis.call('SET', KEYS[2], heads[2] and token .. 'q' .. handoffs + 1 .. ',0,0' or token, 'PX', '172800000')
          redis.pcall('PUBLISH', 'holdfast:' .. string.match(tail, '^ (%S+)'), 'g ' .. token .. ' ' .. id)
          return 1
        end
      end
    end
  end
end

--@include claims

local id = ARGV[1]
local parts, found = {}, 0
for first = 1, #KEYS, 4 do
  parts[#parts + 1] = load(first)
end
local tail
for _, q in ipairs(parts) do
  if q.kind == 'x' and q.holder == id then tail = string.match(q.s, '^hf1:[^:]*:.[%d/]+(.*)$') end
  local was, e = leave(q, id)
  if was == 1 then found = 1 end
  if e then tail = e.tail end
end
if ARGV[2] == '1' and found == 1 and tail then tell({ id = id, tail = tail }, 'r') end
for _, q in ipairs(parts) do promote(q) end
flush()
return found

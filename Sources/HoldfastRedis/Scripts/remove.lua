-- Takes a claim off its keys, held or waiting, and lets in those who come next.
--
-- KEYS: S T Z E of each of the claim's keys. ARGV: id, 1 where its own client does not remove it.
-- Answers 1 where it was there, else 0.

-- The lone exclusive holder that nobody waits for: two commands.
if #KEYS == 4 and ARGV[2] == '0' then
  local v = redis.call('MGET', KEYS[1], KEYS[2])
  local mine = 'hf1:' .. ARGV[1] .. ':'
  if v[1] and v[2] and tonumber(v[2]) and string.sub(v[1], 1, #mine) == mine then
    redis.call('DEL', KEYS[1])
    return 1
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

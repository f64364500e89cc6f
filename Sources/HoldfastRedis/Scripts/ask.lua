-- Marks a claim so that its owner's next extension says that it is asked to let go, and tells its client.
--
-- KEYS: S T Z E of each of the claim's keys. ARGV: id. Answers 1 where it is there, else 0.

local v
--@include claims

local id, found = ARGV[1], 0
for first = 1, #KEYS, 4 do
  local q = load(first)
  promote(q)
  if q.kind == 'x' and q.holder == id then
    local s = redis.call('GET', q.S)
    local mine = #('hf1:' .. id .. ':')
    redis.call('SET', q.S, string.sub(s, 1, mine) .. '!' .. string.sub(s, mine + 2), 'KEEPTTL')
    if found == 0 then tell({ id = id, tail = string.match(s, '^hf1:[^:]*:.[%d/]+(.*)$') }, 'a') end
    found = 1
  else
    local e = q.flagged and entry(q, id)
    if e and e.expires > now then
      e.flag = '!'
      store(q, e)
      if found == 0 then tell(e, 'a') end
      found = 1
    end
  end
end
flush()
return found

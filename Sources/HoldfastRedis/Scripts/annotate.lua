-- Replaces a claim's note on all of its keys, and nothing else of it.
--
-- KEYS: S T Z E of each of the claim's keys. ARGV: the note, empty for none; id; how many keys it has.
-- Answers 1 where it is there, else 0.

local v
--@include claims
--@include renewal
--@include batch

-- A tail's first line is channel, host, pid, program, label, and the note where there is one.
local function noted(tail)
  local owner, names = string.match(tail, '^( [^ \n]* [^ \n]* [^ \n]* [^ \n]* [^ \n]*)[^\n]*(.*)$')
  if not owner then return tail end
  return owner .. (ARGV[1] == '' and '' or ' ' .. ARGV[1]) .. names
end

local found = 0
for _, claim in ipairs(batch(2)) do
  if renew(claim.id, 0, claim.parts) >= 0 then
    found = 1
    for _, q in ipairs(claim.parts) do
      if q.kind == 'x' and q.holder == claim.id then
        local head, tail = string.match(redis.call('GET', q.S), '^(hf1:[^:]*:.[%d/]+)(.*)$')
        redis.call('SET', q.S, head .. noted(tail), 'KEEPTTL')
      else
        local e = entry(q, claim.id)
        e.tail = noted(e.tail)
        store(q, e)
      end
    end
  end
end
flush()
return found

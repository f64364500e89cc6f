-- Lets claims live for longer, waiting or held.
--
-- KEYS: S T Z E of each key of each claim. ARGV: life in ms, then per claim: id, how many keys it has.
-- Answers two numbers per claim: its token where it is held, 0 where it waits, -1 where it is gone; 1 where it was
-- asked to let go.

local v
--@include claims
--@include renewal

local life, first, answers = tonumber(ARGV[1]), 1, {}
local claims = {}
for i = 2, #ARGV, 2 do
  local parts = {}
  for _ = 1, tonumber(ARGV[i + 1]) do
    local q = load(first)
    if not q.promoted then
      promote(q)
      q.promoted = true
    end
    parts[#parts + 1] = q
    first = first + 4
  end
  claims[#claims + 1] = { id = ARGV[i], parts = parts }
end
for _, claim in ipairs(claims) do
  local state, asked = renew(claim.id, life, claim.parts)
  answers[#answers + 1] = state
  answers[#answers + 1] = asked and 1 or 0
end
flush()
return answers

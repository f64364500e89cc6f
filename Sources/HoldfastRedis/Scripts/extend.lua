-- Lets claims live for longer, waiting or held.
--
-- KEYS: S T Z E of each key of each claim. ARGV: life in ms, then per claim: id, how many keys it has.
-- Answers two numbers per claim: its token where it is held, 0 where it waits, -1 where it is gone; 1 where it was
-- asked to let go.

local v
--@include claims
--@include renewal
--@include batch

local life, answers = tonumber(ARGV[1]), {}
for _, claim in ipairs(batch(2)) do
  local state, asked = renew(claim.id, life, claim.parts)
  answers[#answers + 1] = state
  answers[#answers + 1] = asked and 1 or 0
end
flush()
return answers

-- Lets in whom the rule lets in, and says how claims stand: the bounded poll, should a push be lost or a holder be
-- dead.
--
-- KEYS: S T Z E of each key of each claim. ARGV: per claim: id, how many keys it has.
-- Answers three numbers per claim: its token where it is held, 0 where it waits, -1 where it is gone; in how many
-- milliseconds something may change by itself, -1 where nothing will; 1 where a peer has one of its keys.

local v
--@include claims
--@include renewal
--@include batch

local answers = {}
for _, claim in ipairs(batch(1)) do
  local state = renew(claim.id, 0, claim.parts)
  local next, peer = -1, 0
  if state == 0 then
    for _, q in ipairs(claim.parts) do
      local left
      if q.pause > now then
        left = q.pause - now
      elseif q.more then
        left = 0
      elseif q.kind ~= 'free' then
        left = redis.call('PTTL', q.S)
      end
      if left and left >= 0 and (next < 0 or left < next) then next = left end
      if q.kind == 'peer' then peer = 1 end
    end
  end
  answers[#answers + 1] = state
  answers[#answers + 1] = next
  answers[#answers + 1] = peer
end
flush()
return answers

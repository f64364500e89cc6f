-- Lets exclusive holders live for longer: most renewals, and two commands each at the most.
--
-- KEYS: S of each. ARGV: life in ms, then the ids. The caller has asked for no longer life before.
-- Answers the numbers of those that are not as expected: the caller asks about them by extend.
local strings = redis.call('MGET', unpack(KEYS))
local others = {}
for i, key in ipairs(KEYS) do
  local mine = 'hf1:' .. ARGV[i + 1] .. ':-'
  local s = strings[i]
  if s and string.sub(s, 1, #mine) == mine then
    redis.call('PEXPIRE', key, ARGV[1])
  else
    others[#others + 1] = i
  end
end
return others

-- Deletes a record where its version is the expected one, and remembers that for 48 hours.
--
-- KEYS: the record, the last version. ARGV: the version. Answers 1, or 0 where another stands there.
local last = string.match(redis.call('GETRANGE', KEYS[1], 0, 31), '^(%d+) ')
if last ~= ARGV[1] then return 0 end
-- First what a full memory never refuses.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], last, 'PX', '172800000')
return 1

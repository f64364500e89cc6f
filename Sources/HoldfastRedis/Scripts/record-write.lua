-- Replaces a record where its version is the expected one.
--
-- KEYS: the record, `<version> <value>`; the last version, for when the record is gone.
-- ARGV: `=<version>`, or nothing where there must be none; life in ms, 0 for ever; value.
-- Answers the new version; 0 where another stands there.
local head = redis.call('GETRANGE', KEYS[1], 0, 31)
local last = string.match(head, '^(%d+) ')
if head ~= '' and not last then return redis.error_reply('WRONGTYPE ' .. KEYS[1] .. ' is no record of Holdfast') end
if (last and '=' .. last or '') ~= ARGV[1] then return 0 end
local before = tonumber(last or redis.call('GET', KEYS[2]) or 0)
if not before then return redis.error_reply('WRONGTYPE ' .. KEYS[2] .. ' is no version of Holdfast') end
local clock = redis.call('TIME')
local version = string.format('%.0f', math.max(before + 1, clock[1] * 1000000 + clock[2]))
local text, life = version .. ' ' .. ARGV[3], tonumber(ARGV[2])
if life == 0 then
  redis.call('SET', KEYS[1], text)
else
  redis.call('SET', KEYS[1], text, 'PX', ARGV[2])
  -- The record ends without a script: from then on this says what may not come again.
  redis.call('SET', KEYS[2], version, 'PX', string.format('%.0f', life + 172800000))
end
return version

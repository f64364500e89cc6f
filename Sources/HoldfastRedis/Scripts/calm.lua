-- Comes first where a quarantine is asked for: after a restart, a failover or a loss of data nothing is granted for as
-- long as a claim may live at most.
--
-- Further KEYS, first: the epoch, `<run id> <until>`. Further ARGV, last: the server's run id, the quarantine in ms.
local epoch = table.remove(KEYS, 1)
local quarantine, run = tonumber(table.remove(ARGV)), table.remove(ARGV)
local calmAt, isCalm = nil, nil
do
  local clock = redis.call('TIME')
  local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  local known, till = string.match(redis.call('GET', epoch) or '', '^(%S+) (%d+)$')
  -- More than the whole of it is left where the clock was set back since: it begins anew.
  if known == run and tonumber(till) - now <= quarantine then
    calmAt = tonumber(till) - now
  else
    calmAt = quarantine
    redis.call('SET', epoch, run .. ' ' .. string.format('%.0f', now + quarantine))
  end
  isCalm = calmAt <= 0
end

-- Does one command on a key, unless a later holder of its lock has been here before.
--
-- KEYS: the key; its fence, the greatest token so far. ARGV: the token; `exclusive`, which moves the fence, or `shared`,
-- which only looks at it; the command, and its arguments behind the key. Answers what the command answers.
local token, mode = ARGV[1] or '', ARGV[2]
if #KEYS ~= 2 or KEYS[1] == KEYS[2] or not ARGV[3] or (mode ~= 'exclusive' and mode ~= 'shared') then
  return redis.error_reply('ERR a fenced command has 2 keys, and token, exclusive or shared, command, arguments')
end
if #token > 19 or not string.find(token, '^[1-9]%d*$') then
  return redis.error_reply('ERR a fencing token is a positive number of 63 bits')
end
local last = redis.call('GET', KEYS[2])
if last and not string.find(last, '^[1-9]%d*$') then
  return redis.error_reply('ERR ' .. KEYS[2] .. ' is no fence of Holdfast')
end
-- As texts: the numbers of Lua are not exact beyond 53 bits.
if last and (#token < #last or (#token == #last and token < last)) then
  return redis.error_reply('HFSTALE fencing token ' .. token .. ' is older than ' .. last .. ' in ' .. KEYS[2]
    .. ': the lock was lost, and another holder has been here')
end
-- First the command: what it may do while memory is full, it does here too.
local answer = redis.call(ARGV[3], KEYS[1], unpack(ARGV, 4))
if mode == 'exclusive' and last ~= token then redis.call('SET', KEYS[2], token) end
return answer

-- Puts a claim at the end of its queues, or lets it in at once.
--
-- KEYS: S T Z E of each of the claim's keys.
-- ARGV: id, life in ms, tail, 1 where it must be free, then per key: x, s, p<permits>/<limit>, or t<mode> for a part
-- of a path.
-- Answers the token where it is held; 0 where it waits, -2 where it waits for a peer; -1 where it had to be free and is
-- not; {-3, key, use} where its mode may not stand there; {-4, key, type} where the string is of another type; -6 to be
-- called again; {-5, 0, ms} where the quarantine lasts so long.

-- The lone exclusive claim on a free key that nobody waits for: four commands.
local v
if #KEYS == 4 and ARGV[5] == 'x' then
  v = redis.call('MGET', KEYS[1], KEYS[2])
  local last = v[2] and tonumber(v[2])
  if not v[1] and (last or (not v[2] and redis.call('EXISTS', KEYS[3]) == 0)) then
    local clock = redis.call('TIME')
    local token = clock[1] * 1000000 + clock[2]
    if last and token <= last then token = last + 1 end
    local text = string.format('%.0f', token)
    if redis.call('SET', KEYS[1], 'hf1:' .. ARGV[1] .. ':-' .. text .. ARGV[3], 'NX', 'PX', ARGV[2]) then
      redis.call('SET', KEYS[2], text, 'PX', '172800000')
      return token
    end
  end
end

--@include claims

local id, life, tail = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local parts, entries = {}, {}
for first = 1, #KEYS, 4 do
  local q = load(first)
  local wish = ARGV[5 + (first - 1) / 4]
  local kind, permits, limit = string.sub(wish, 1, 1), string.match(wish, '^%a(%d+)/?(%d*)$')
  parts[#parts + 1] = q
  entries[#entries + 1] = {
    id = id, expires = now + life, kind = kind, flag = '-', life = life, placed = int(micros),
    permits = tonumber(permits) or 0, limit = tonumber(limit) or 0, token = '0', tail = tail,
  }
  if q.type then return { -4, #parts, q.type } end
end
for _, q in ipairs(parts) do promote(q) end
for _, q in ipairs(parts) do
  if q.more then
    flush()
    return -6
  end
end

-- The one that is there already answers how it stands, and lives anew.
--@include renewal
local state = renew(id, life, parts)
if state ~= -1 then
  flush()
  return state
end

-- Permits meet neither other modes nor another limit, paths meet paths alone. What a peer's string stands for is not
-- known.
local function family(kind, limit)
  if kind == 'p' then return 'permits of ' .. limit end
  return kind == 't' and 'a path' or 'an exclusive or shared lock'
end
for i, q in ipairs(parts) do
  local use = q.kind
  local limit = q.limit
  if (use == 'free' or use == 'peer') and q.flagged then
    local head = redis.call('ZRANGEBYSCORE', q.Z, '-inf', '(0', 'LIMIT', 0, 1)[1]
    local e = head and entry(q, head)
    if e then use, limit = e.kind, e.limit end
  end
  if use ~= 'free' and use ~= 'peer' then
    local mine = entries[i]
    local found = family(use, limit)
    if found ~= family(mine.kind, mine.limit) then
      flush()
      return { -3, i, found }
    end
  end
end

local isHeld = true
for i, q in ipairs(parts) do
  local e = entries[i]
  q.clear = not q.blocked and room(q, e.kind, e.permits, e.limit)
  isHeld = isHeld and q.clear
end
if isHeld then
  local token = grant(parts, entries)
  flush()
  return tonumber(token)
end
if ARGV[4] == '1' then
  flush()
  return -1
end
local answer = 0
for i, q in ipairs(parts) do
  local e = entries[i]
  if q.kind == 'peer' then answer = -2 end
  store(q, e)
  if q.clear then
    redis.call('ZADD', q.Z, int(e.expires), id)
    occupy(q, e)
    restring(q)
  else
    local last = redis.call('ZREVRANGEBYSCORE', q.Z, '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
    redis.call('ZADD', q.Z, int(last[2] and tonumber(last[2]) + 1 or FIRST), id)
  end
  q.flagged = true
  keepSide(q, life)
end
flush()
return answer

-- What the scripts share: one key's state, and the one rule.
--
-- Four keys stand for one lock, in one hash slot:
--   S  the string that peers know. Free, or of a peer, or ours:
--      hf1:<id>:<flag><token>[/<placed>]<tail>   an exclusive holder; the flag is - or, where it was asked to go, !
--      hf1=s                                     readers hold it
--      hf1=p<limit>:<sum>                        permits are held
--      hf1=t<is>,<ix>,<s>,<u>,<x>                parts of paths are clear: how many there are of each mode
--      hf1=w                                     a writer has its place, and waits for its other keys
--   T  the last token; while others than an exclusive holder stand here: <token>q<hand-offs>,<nudged at>,<pause until>
--   Z  who stands here: blocked claims below zero, in the order of their placing; *clear* ones, which no earlier claim
--      on this key blocks, above, by the end of their lives. An exclusive holder is in S alone.
--   E  an entry for each of Z: <expires> <kind><flag> <life> <placed> <permits> <limit> <token><tail>
--      For a part of a path the kind is t, and its mode stands for the permits: is, ix, s, u, x are 0 to 4.
-- `v` is what the script has read of the first key's S and T before, if it has. Times are the server's: milliseconds;
-- placed and tokens in microseconds. A tail is the claim's channel and owner, its note where it has one, and where it
-- has several keys, their names, each after a newline.

local SKIPS = 64 -- dead waiters that one call passes over
local GRANTS = 128 -- claims that one call lets in
local DROPS = 256 -- holders without a string, or expired, that one call drops per key
local TOKEN_LIFE = '172800000' -- how long a counter outlives its last grant: 48 hours
local SIDE_SLACK = 3600000 -- the most by which Z and E outlive what a crash left in them
local PATIENCE = 1000 -- how long the head of a queue, called to look after its other keys, holds up readers
local PEER_TURNS = 0 -- hand-offs after which the string is left free for a polling peer; 0 is never
local PEER_PAUSE = 150 -- for how long
local CALM = true -- no quarantine: see calm.lua
local FIRST = -1e15 -- the score of the first of a queue
local COUNT_LIMIT = 1048575 -- the most that are clear on one key in one mode of paths
-- For each mode of paths, those behind which it waits.
local EXCLUDED = { [0] = { 3, 4 }, { 2, 3, 4 }, { 1, 3, 4 }, { 1, 3, 4 }, { 0, 1, 2, 3, 4 } }

local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local skips, grants = 0, 0
local queues, order, index = {}, {}, nil

-- Lua would write large numbers with an exponent.
local function int(n) return string.format('%.0f', n) end

local function entry(q, id)
  local text = redis.call('HGET', q.E, id)
  if not text then return nil end
  local expires, kind, flag, life, placed, permits, limit, token, tail =
    string.match(text, '^(%d+) (%a)(.) (%d+) (%d+) (%d+) (%d+) (%d+)(.*)$')
  if not expires then return nil end
  return {
    id = id, expires = tonumber(expires), kind = kind, flag = flag, life = tonumber(life), placed = placed,
    permits = tonumber(permits), limit = tonumber(limit), token = token, tail = tail, queued = true,
  }
end

local function store(q, e)
  redis.call('HSET', q.E, e.id, int(e.expires) .. ' ' .. e.kind .. e.flag .. ' ' .. e.life .. ' ' .. e.placed .. ' '
    .. e.permits .. ' ' .. e.limit .. ' ' .. e.token .. e.tail)
end

-- The string says who has the key, for as long as the last of them lives.
local function restring(q)
  local top = redis.call('ZREVRANGE', q.Z, 0, 0, 'WITHSCORES')
  if top[2] and tonumber(top[2]) >= 0 then
    local s = 'hf1=' .. q.kind
    if q.kind == 'p' then s = s .. q.limit .. ':' .. q.sum end
    if q.kind == 't' then s = s .. table.concat(q.counts, ',', 0, 4) end
    redis.call('SET', q.S, s, 'PXAT', int(tonumber(top[2])))
  else
    redis.call('DEL', q.S)
    q.kind = 'free'
  end
end

-- Others than an exclusive holder have the string.
local function isShared(q) return q.kind == 's' or q.kind == 'p' or q.kind == 't' or q.kind == 'w' end

-- Takes a clear one out of the sums.
local function vacate(q, e)
  if e.kind == 'p' and q.kind == 'p' then q.sum = q.sum - e.permits end
  if e.kind == 't' and q.kind == 't' then q.counts[e.permits] = q.counts[e.permits] - 1 end
end

-- Drops what no longer holds: whose life is over, and all that are clear where the string is gone or another's.
local function tidy(q)
  local held = isShared(q)
  if q.kind == 'x' then return end
  if not q.flagged then
    -- A string of holders whose entries are lost keeps everybody out until it ends.
    if held then q.kind = 'peer' end
    return
  end
  local ids = redis.call('ZRANGEBYSCORE', q.Z, 0, held and int(now) or '+inf', 'LIMIT', 0, DROPS)
  if #ids > 0 then
    if q.kind == 'p' or q.kind == 't' then
      for _, id in ipairs(ids) do
        local e = entry(q, id)
        if e then vacate(q, e) end
      end
    end
    redis.call('ZREM', q.Z, unpack(ids))
    redis.call('HDEL', q.E, unpack(ids))
    -- With more of them left nothing may be granted here: the caller comes again.
    if #ids == DROPS and not held then
      q.kind, q.more = 'peer', true
    elseif held then
      restring(q)
    end
  elseif held then
    local top = redis.call('ZREVRANGE', q.Z, 0, 0, 'WITHSCORES')
    if not top[2] or tonumber(top[2]) < 0 then q.kind = 'peer' end
  end
end

local function room(q, kind, permits, limit)
  if q.kind == 'free' then return true end
  if kind == 's' then return q.kind == 's' end
  if kind == 't' and q.kind == 't' then
    for _, other in ipairs(EXCLUDED[permits]) do
      if q.counts[other] > 0 then return false end
    end
    return q.counts[permits] < COUNT_LIMIT
  end
  return kind == 'p' and q.kind == 'p' and q.limit == limit and q.sum + permits <= limit
end

-- Reads a key's state, once per call.
local function load(first)
  local S = KEYS[first]
  local q = queues[S]
  if q then return q end
  q = { S = S, T = KEYS[first + 1], Z = KEYS[first + 2], E = KEYS[first + 3], handoffs = 0, nudged = 0, pause = 0 }
  local values = first == 1 and v or redis.call('MGET', q.S, q.T)
  local s, t = values[1], values[2]
  q.text = t
  q.last = t and tonumber(t)
  if not t then
    q.last = 0
    q.flagged = redis.call('EXISTS', q.Z) == 1
  elseif not q.last then
    local last, handoffs, nudged, pause = string.match(t, '^(%d+)q(%d+),(%d+),(%d+)$')
    if not last then error('the counter ' .. q.T .. ' is not Holdfast\'s') end
    q.last, q.handoffs, q.nudged, q.pause = tonumber(last), tonumber(handoffs), tonumber(nudged), tonumber(pause)
    -- Of a clock that was set back since.
    if q.pause > now + PEER_PAUSE then q.pause = 0 end
    if q.nudged > now then q.nudged = now end
    q.flagged = true
  end
  if not s then
    local type = redis.call('TYPE', S).ok
    if type == 'none' then q.kind = 'free' else q.kind, q.type = 'peer', type end
  elseif string.sub(s, 1, 4) == 'hf1:' then
    q.kind, q.s = 'x', s
    q.holder = string.match(s, '^hf1:([^:]*):')
  elseif string.sub(s, 1, 4) == 'hf1=' then
    q.kind = string.sub(s, 5, 5)
    if q.kind == 'p' then
      local limit, sum = string.match(s, '^hf1=p(%d+):(%d+)$')
      q.limit, q.sum = tonumber(limit), tonumber(sum)
    elseif q.kind == 't' then
      local is, ix, s, u, x = string.match(s, '^hf1=t(%d+),(%d+),(%d+),(%d+),(%d+)$')
      q.counts = { [0] = tonumber(is), tonumber(ix), tonumber(s), tonumber(u), tonumber(x) }
    end
  else
    q.kind = 'peer'
  end
  queues[S] = q
  order[#order + 1] = q
  tidy(q)
  return q
end

-- The queues of an entry's keys; nil where this call was not given all of them.
local function own(q, e)
  if not string.find(e.tail, '\n', 1, true) then return { q } end
  if not index then
    index = {}
    for i = 1, #KEYS, 4 do index[KEYS[i]] = i end
  end
  local parts = {}
  for name in string.gmatch(e.tail, '\n([^\n]*)') do
    local i = index[name]
    if not i then return nil end
    parts[#parts + 1] = load(i)
  end
  return parts
end

-- Tells a claim's client something: g it was granted, n it should look, a it was asked to let go, r it was removed.
-- A channel that may not be used costs a look, not the hand-off.
local function tell(e, what)
  local channel = string.match(e.tail, '^ (%S+)')
  if channel then redis.pcall('PUBLISH', 'holdfast:' .. channel, what .. ' ' .. e.id) end
end

local function occupy(q, e)
  if e.kind == 't' and q.kind ~= 't' then q.counts = { [0] = 0, 0, 0, 0, 0 } end
  q.kind = e.kind == 'x' and 'w' or e.kind
  if e.kind == 'p' then
    q.limit = e.limit
    q.sum = (q.sum or 0) + e.permits
  elseif e.kind == 't' then
    q.counts[e.permits] = q.counts[e.permits] + 1
  end
end

-- Side keys end by themselves where nobody is left to remove them.
local function keepSide(q, life)
  if redis.call('PTTL', q.Z) > life then return end
  local side = int(life + math.min(3 * life, SIDE_SLACK))
  redis.call('PEXPIRE', q.Z, side)
  redis.call('PEXPIRE', q.E, side)
end

-- Lets a claim in that is clear on all of its keys: one token, above those of each.
local function grant(parts, entries)
  local token = micros
  for _, q in ipairs(parts) do
    if q.last >= token then token = q.last + 1 end
  end
  local text = int(token)
  for i, q in ipairs(parts) do
    local e = entries[i]
    q.last, q.granted = token, true
    if e.kind == 'x' then
      redis.call('SET', q.S, 'hf1:' .. e.id .. ':' .. e.flag .. text .. '/' .. e.placed .. e.tail, 'PX',
        int(math.max(e.life, e.expires - now)))
      if e.queued then
        redis.call('ZREM', q.Z, e.id)
        redis.call('HDEL', q.E, e.id)
      end
      q.kind, q.holder = 'x', e.id
    else
      if not e.clear then occupy(q, e) end
      e.expires, e.token = math.max(e.expires, now + e.life), text
      redis.call('ZADD', q.Z, int(e.expires), e.id)
      store(q, e)
      q.flagged = true
      keepSide(q, e.life)
      restring(q)
    end
  end
  grants = grants + 1
  return text
end

-- Lets the head of a queue in on this key; it holds once it is clear on all.
local function admit(q, e, parts)
  if #parts == 1 then
    if q.kind == 'free' then q.handoffs = q.handoffs + 1 end
    tell(e, 'g ' .. grant(parts, { e }))
    return
  end
  redis.call('ZADD', q.Z, int(e.expires), e.id)
  occupy(q, e)
  restring(q)
  local entries = {}
  for i, other in ipairs(parts) do
    local score = redis.call('ZSCORE', other.Z, e.id)
    if not score or tonumber(score) < 0 then return end
    entries[i] = entry(other, e.id)
    if not entries[i] then return end
    entries[i].clear = true
  end
  tell(e, 'g ' .. grant(parts, entries))
end

-- A grant with less left than this is of no use to its owner: twice the margin that it gives away.
local function useful(e) return math.max(100, e.life / 10) end

-- Calls the head of a queue to look for itself.
local function nudge(q, e)
  if q.nudged == 0 then q.nudged = now end
  tell(e, 'n')
end

-- Lets in whom the rule lets in, oldest first; passes over the dead. Says in q.blocked whether somebody still waits.
local function promote(q)
  q.blocked = false
  if not q.flagged or q.kind == 'x' or q.kind == 'w' or q.kind == 'peer' then return end
  if not CALM then
    q.blocked = true
    return
  end
  while true do
    local id = redis.call('ZRANGEBYSCORE', q.Z, '-inf', '(0', 'LIMIT', 0, 1)[1]
    if not id then return end
    q.blocked = true
    local e = entry(q, id)
    if not e or e.expires - now < useful(e) then
      redis.call('ZREM', q.Z, id)
      redis.call('HDEL', q.E, id)
      skips = skips + 1
      q.blocked = false
      if skips >= SKIPS then
        -- Whoever is next goes on from here.
        q.blocked = true
        local head = redis.call('ZRANGEBYSCORE', q.Z, '-inf', '(0', 'LIMIT', 0, 1)[1]
        local next = head and entry(q, head)
        if next then nudge(q, next) end
        return
      end
    else
      if not room(q, e.kind, e.permits, e.limit) then return end
      local parts = own(q, e)
      if q.kind == 'free' and q.pause > now then return end
      if q.kind == 'free' and PEER_TURNS > 0 and q.handoffs >= PEER_TURNS then
        q.handoffs, q.pause = 0, now + PEER_PAUSE
        nudge(q, e)
        return
      end
      if not parts then
        -- Its other keys are not ours to look at. Readers behind it need not wait for a client that does not come,
        -- and on a path, where most claims are below different keys, nobody waits for one that may stand beside him.
        local isAlone = e.kind == 'x' or (e.kind == 't' and e.permits == 4)
        local isLate = e.kind == 't' or (q.nudged > 0 and now - q.nudged > PATIENCE)
        if isAlone or not isLate or grants >= GRANTS then return nudge(q, e) end
        grants = grants + 1
        redis.call('ZADD', q.Z, int(e.expires), e.id)
        occupy(q, e)
        restring(q)
        tell(e, 'n')
      else
        if grants >= GRANTS then return nudge(q, e) end
        admit(q, e, parts)
      end
      q.nudged = 0
      if q.kind == 'x' or q.kind == 'w' then return end
      q.blocked = false
    end
  end
end

-- Takes a claim off one key: 1 where it was there, 0 where it was there and its life was over, nil where it was not.
local function leave(q, id)
  if q.kind == 'x' and q.holder == id then
    redis.call('DEL', q.S)
    q.kind = 'free'
    return 1
  end
  if not q.flagged then return nil end
  local e = entry(q, id)
  if not e then return nil end
  local score = redis.call('ZSCORE', q.Z, id)
  redis.call('ZREM', q.Z, id)
  redis.call('HDEL', q.E, id)
  if score and tonumber(score) >= 0 and isShared(q) then
    vacate(q, e)
    restring(q)
  end
  return e.expires > now and 1 or 0, e
end

-- Writes the counters, and whether anybody stands beside an exclusive holder.
local function flush()
  for _, q in ipairs(order) do
    local was = q.flagged
    if q.flagged and redis.call('EXISTS', q.Z) == 0 then
      q.flagged = false
      redis.call('DEL', q.E)
    end
    local text = int(q.last)
    if q.flagged then
      text = text .. 'q' .. q.handoffs .. ',' .. int(q.nudged) .. ',' .. int(q.pause)
    elseif q.last == 0 then
      text = nil
    end
    if text ~= (q.text or nil) then
      if not text then
        redis.call('DEL', q.T)
      elseif q.granted or not q.text then
        redis.call('SET', q.T, text, 'PX', TOKEN_LIFE)
      else
        redis.call('SET', q.T, text, 'KEEPTTL')
      end
    end
  end
end

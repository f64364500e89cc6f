-- Lets a claim live for at least `life` from now, on all of its keys, which were tidied and promoted before. Lets it in
-- where it is clear on all of them, and whoever cleared the last of them did not know the others.
-- Answers its token where it is held, 0 where it waits, -1 where it is gone; then whether it was asked to let go.
local function renew(id, life, parts)
  local token, asked, missing, found, clear = nil, false, false, false, true
  local seen = {}
  for i, q in ipairs(parts) do
    if q.kind == 'x' and q.holder == id then
      local s = redis.call('GET', q.S)
      local flag, text = string.match(s, '^hf1:[^:]*:(.)(%d+)')
      token, asked, found = tonumber(text), asked or flag == '!', true
      if life > 0 and redis.call('PTTL', q.S) < life then redis.call('PEXPIRE', q.S, int(life)) end
    else
      local e = q.flagged and entry(q, id)
      local score = e and redis.call('ZSCORE', q.Z, id)
      if not score or e.expires <= now then
        missing = true
      else
        found = true
        seen[i] = { e = e, clear = tonumber(score) >= 0 }
        clear = clear and seen[i].clear
        asked = asked or e.flag == '!'
        if e.token ~= '0' then token = tonumber(e.token) end
      end
    end
  end
  if missing then
    -- One key without it is a claim that no longer stands.
    if found then
      for _, q in ipairs(parts) do leave(q, id) end
      for _, q in ipairs(parts) do promote(q) end
    end
    return -1, false
  end
  if life > 0 then
    for i, part in pairs(seen) do
      local q, e = parts[i], part.e
      e.life = life
      if now + life > e.expires then
        e.expires = now + life
        if part.clear then
          redis.call('ZADD', q.Z, int(e.expires), id)
          restring(q)
        end
      end
      store(q, e)
      keepSide(q, life)
    end
  end
  if clear and not token and CALM then
    local entries = {}
    for i, part in ipairs(seen) do
      part.e.clear = true
      entries[i] = part.e
    end
    local text = grant(parts, entries)
    tell(entries[1], 'g ' .. text)
    token = tonumber(text)
  end
  return token or 0, asked
end

-- The claims of one call, from an argument on: each is an id and how many keys it has. Promotes each key once.
local function batch(from)
  local found, first = {}, 1
  for i = from, #ARGV, 2 do
    local parts = {}
    for _ = 1, tonumber(ARGV[i + 1]) do
      local q = load(first)
      if not q.promoted then
        promote(q)
        q.promoted = true
      end
      parts[#parts + 1] = q
      first = first + 4
    end
    found[#found + 1] = { id = ARGV[i], parts = parts }
  end
  return found
end

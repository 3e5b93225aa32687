-- expect: OK "2 2 false"
-- with: files
-- A stream that ends while something goes through it: by close, by a closing variable, by another coroutine.
local s, n = task.files["t.csv"], 0
local ok = pcall(function() for _ in s:lines() do n = n + 1 if n == 2 then s:close() end end end)
local kept
do local c <close> = task.files["t.csv"] kept = c:lines() kept() end
local m = 0
local other = task.files["t.csv"]
local co = coroutine.create(function() local c <close> = other coroutine.yield() end)
coroutine.resume(co)
for _ in other:lines() do m = m + 1 if m == 2 then coroutine.close(co) break end end
return n .. " " .. m .. " " .. tostring(ok or pcall(kept) or pcall(other.read, other))

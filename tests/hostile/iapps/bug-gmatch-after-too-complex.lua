-- expect: OK "too complex, too complex"
-- cve: CVE-2024-31228
-- After "pattern too complex" the iterator had lost count of its depth, and recursed as deep as the pattern was long (before 5.4.9).
local next_one = ("a"):rep(100):gmatch(("a-"):rep(200000) .. "b")
local _, first = pcall(next_one)
local _, again = pcall(next_one)
for _ = 1, 5 do pcall(next_one) end
return first:match("too complex") .. ", " .. again:match("too complex")

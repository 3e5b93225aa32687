-- expect: OK "done"
-- with: files
-- Formats of lines and read that are no formats; and an iterator that outlives everything it was made from.
local s = task.files["t.csv"]
for _, f in ipairs { {}, print, true, "", "*", "**l", "x", "ln", "\0l", -1, math.mininteger, 1.5, 0 / 0, 1e300 } do
    pcall(s.read, s, f)
    pcall(function() for _ in s:lines(f) do end end)
end
local its = {}
for i = 1, 2000 do its[i] = task.files["t.csv"]:lines(i % 5 + 1) end
for round = 1, 3 do for i = 1, 2000, 7 do its[i]() end end
return "done"

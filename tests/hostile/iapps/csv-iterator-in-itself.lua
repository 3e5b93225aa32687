-- expect: OK "4 true true"
-- with: files
-- An iterator called by what runs in its own loop, by two coroutines in turn, and after it ended.
local csv = require "csv"
local rows, n = csv.rows("a\n1\n2\n3\n4\n5\n6\n"), 0
for row in rows do n = n + 1 local other = rows() if n == 3 then rows() end end
local turn = csv.records(task.files["big.txt"])
local a, b = coroutine.wrap(function() while true do coroutine.yield(turn()) end end), coroutine.wrap(function() while true do coroutine.yield(turn()) end end)
local first, second = a(), b()
local ended = turn() == nil and turn() == nil and rows() == nil
return (n + 1) .. " " .. tostring(#first[1] == 300000 and second == nil) .. " " .. tostring(ended)

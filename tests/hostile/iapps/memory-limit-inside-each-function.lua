-- expect: LIMIT
-- manifest: limits: {memory: 24MiB, cpu: 20s, wall: 20s, output: 1MiB}
-- Kept memory grows by little steps, and between them every function runs: each meets the limit somewhere within.
local csv, json, vec, matrix, base64, hash, template = require "csv", require "json", require "vec", require "matrix", require "base64", require "hash", require "template"
local kept, text = {}, ("a,b,\"c\"\"d\"\n"):rep(2000)
local run = { function() for r in csv.rows("h1,h2,h3\n" .. text) do end end, function() return csv.columns("h1,h2,h3\n" .. ("1,2,3\n"):rep(3000)) end, function() return json.decode("[" .. ("{\"k\":[1,2]},"):rep(3000) .. "1]") end,
    function() return json.encode({ text, { text } }) end, function() return base64.encode(text) end, function() return matrix.new(100, 100):mul(matrix.new(100, 100)) end, function() return vec.new(20000):map(math.abs):to_table() end,
    function() return csv.format { { text, text } } end, function() return template.render("{{a}}{{{a}}}", { a = text }) end, function() return text:gsub("a", "%0%0") end, function() return load("return {" .. ("1,"):rep(20000) .. "}")() end }
for i = 1, 1 << 30 do
    kept[i] = ("k"):rep(20000) .. i
    pcall(run[i % #run + 1])
end

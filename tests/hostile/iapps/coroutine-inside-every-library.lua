-- expect: SAME
-- Libraries used by many coroutines in turn: none keeps anything of the one before.
local csv, json, template, hash = require "csv", require "json", require "template", require "hash"
local filled = template.compile("{{#l}}{{.}},{{/l}}{{n}}")
local cos = {}
for i = 1, 30 do
    cos[i] = coroutine.wrap(function()
        local rows = csv.rows("n,v\n" .. ("1,a\n"):rep(i) .. i .. ",z\n")
        for row in rows do
            coroutine.yield(json.encode(row) .. filled { l = { row.n, row.v }, n = i })
            for k in ("abc"):gmatch(".") do coroutine.yield(k .. hash.sha256(k .. i):sub(1, 4)) end
        end
        return ""
    end)
end
local out = {}
for round = 1, 20 do for i = 1, 30 do if round <= i * 4 then out[#out + 1] = cos[i]() end end end
return hash.sha256(table.concat(out))

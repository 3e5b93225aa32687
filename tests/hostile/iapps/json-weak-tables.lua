-- expect: OK "0"
-- manifest: limits: {memory: 64MiB, cpu: 5s, wall: 20s, output: 1MiB}
-- Entries of a weak table go while it is written: the encoder's list of keys must not be all that knows of them.
local json, wrong = require "json", 0
for _, mode in ipairs { "v", "k", "kv" } do
    for round = 1, 6 do
        local t = setmetatable({}, { __mode = mode })
        for i = 1, 3000 do t[("key%06d"):format(i) .. ("k"):rep(round * 30)] = {} end
        for i = 1, 9 do t["a" .. i] = ("x"):rep(100000 * i) end
        local ok, back = pcall(json.decode, json.encode(t))
        if not ok then
            wrong = wrong + 1
        else
            for k in pairs(back) do if not k:find("^a%d$") and not k:find("^key%d+k+$") then wrong = wrong + 1 end end
        end
        local list = setmetatable({}, { __mode = mode })
        for i = 1, 3000 do list[i] = { i } end
        pcall(json.encode, list)
    end
end
return wrong

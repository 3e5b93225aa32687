-- expect: OK "done"
-- The methods of a result without it: they belong to the task that runs, and take their arguments where these stand.
local r = task.result
for _, self in ipairs { 1, "x", {}, print, task.data or 0, setmetatable({}, { __index = error }) } do
    for _, name in ipairs { "write", "open", "json", "callback", "volatile" } do
        pcall(r[name], self) pcall(r[name], self, {}) pcall(r[name], self, "../x", "y") pcall(r[name]) pcall(r[name], self, "a\0b", "c")
    end
end
pcall(r.write, nil, "file", "text")
return "done"

-- expect: OK "done" or LIMIT
-- Sections in sections, names of any shape, a list of a million, and values that run code.
local template = require "template"
for _, t in ipairs { ("{{#a}}"):rep(60) .. ("{{/a}}"):rep(60), ("{{#a}}"):rep(49) .. "x" .. ("{{/a}}"):rep(49), "{{" .. ("a."):rep(5000) .. "a}}", "{{" .. ("."):rep(100) .. "}}", "{{", "{{}}", "{{{}}}", "{{#}}{{/}}", "{{!" .. ("x"):rep(100000), "{{/a}}", "{{#a}}{{/b}}",
    "{{a}}}", "{{{a}}", "{{ # a }}{{ / a }}", "{{\0}}", ("{{a}}"):rep(3000) } do
    pcall(template.render, t, { a = { a = { a = 1 } } })
    pcall(template.render, t, setmetatable({}, { __index = function(s) return s end }))
    pcall(template.render, t, setmetatable({}, { __index = function() error("x") end }), { lenient = true })
end
local self = {}
self.a = self
pcall(template.render, ("{{#a}}"):rep(50) .. ("{{/a}}"):rep(50), self)
pcall(template.escape, setmetatable({}, { __tostring = function() return ("<"):rep(100000) end }))
return "done"

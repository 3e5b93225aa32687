-- expect: FAIL OK
local template = require "template"
local f = template.render or template
local ok, s = pcall(f, "{{ _G }}{{ require }}{{= load }}", {})
assert(not ok or not s:find("function"))
return "ok"

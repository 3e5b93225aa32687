-- expect: OK
-- with: secret other
-- A secret handed to everything that shows something. The test looks for it in what the command printed and in the store.
local s = task:secret(1)
pcall(error, s) pcall(require, s) pcall(load, s, s) pcall(string.format, s, s) pcall(task.data and task.data.get or error, task.data, s)
task:log("%s", "T0KEN is not written here") task:progress(0.9)
pcall(task.result.open, task.result, "../" .. s)
for _, f in ipairs { require("json").decode, require("date").parse or error, require("vec").from, require("csv").format, require("base64").decode, require("template").compile } do pcall(f, s) end
return "done"

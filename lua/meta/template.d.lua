---@meta template

---Text templates without logic: {{name}} (escaped for HTML), {{{name}}} (as it is), {{#name}} … {{/name}} (for each element of a list, or once),
---{{^name}} … {{/name}} (for nothing, false and an empty list), {{.}} (the element), {{! a remark }}. Names may have dots. An unknown name raises
---with the line, unless options.lenient.
---@class template
local template = {}

---```lua
---local template = require "template"
---assert(template.render("{{#l}}<{{.}}>{{/l}} {{who.name}}", { l = { 1, 2 }, who = { name = "A & B" } }) == "<1><2> A &amp; B")
---assert(template.render("[{{x}}]", {}, { lenient = true }) == "[]" and not pcall(template.render, "{{x}}", {}))
---```
---@param text string
---@param context table?
---@param options { lenient: boolean? }?
---@return string
function template.render(text, context, options) end

---Reads a template once, to fill it often.
---```lua
---local template = require "template"
---local fill = template.compile("Hello, {{name}}!")
---assert(fill { name = "Ada" } == "Hello, Ada!")
---```
---@param text string
---@param options { lenient: boolean? }?
---@return fun(context: table?): string
function template.compile(text, options) end

---& < > " ' as HTML has them.
---```lua
---local template = require "template"
---assert(template.escape("<a & b>") == "&lt;a &amp; b&gt;")
---```
---@param text any
---@return string
function template.escape(text) end

return template

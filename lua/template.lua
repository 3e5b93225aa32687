-- Text templates with no logic in them:
--   {{name}}     the value, with & < > " ' written as HTML has them
--   {{{name}}}   the value as it is
--   {{#name}} … {{/name}}   once for each element of a list, once for a table or true, not at all for nil,
--                false and an empty list
--   {{^name}} … {{/name}}   for nil, false and an empty list
--   {{.}}        the element itself        {{! a remark }}
-- A name may have dots. A name that is not there is an error: a typing mistake must not look like an empty value. With
-- the option lenient it is empty.

local template = {}

local ESCAPES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }
local DEPTH <const> = 50

function template.escape(text)
    return (tostring(text):gsub("[&<>\"']", ESCAPES))
end

local function line_of(text, at)
    local _, n = text:sub(1, at - 1):gsub("\n", "")
    return n + 1
end

local function fail(text, at, what)
    error(("template line %d: %s"):format(line_of(text, at), what), 0)
end

-- A list of strings and { kind, name, children, at }.
local function parse(text)
    local root = { children = {} }
    local open, at = { root }, 1
    while true do
        local start, stop = text:find("{{", at, true)
        local into = open[#open].children
        into[#into + 1] = text:sub(at, (start or 0) - 1)
        if not start then
            break
        end
        local raw = text:sub(stop + 1, stop + 1) == "{"
        local close = raw and "}}}" or "}}"
        local last, behind = text:find(close, stop + 1, true)
        if not last then
            fail(text, start, "{{ without }}")
        end
        local kind, name = text:sub(stop + (raw and 2 or 1), last - 1):match("^%s*([#^/!]?)%s*(.-)%s*$")
        local node = { kind = raw and "raw" or kind, name = name, children = {}, at = start }
        if kind == "/" then
            local section = table.remove(open)
            if #open == 0 or section.name ~= name then
                fail(text, start, ("{{/%s}} closes nothing that is open"):format(name))
            end
        elseif kind ~= "!" then
            if not name:find("^[%w_%.%-]+$") then
                fail(text, start, ("{{%s}} is no name"):format(name))
            end
            into[#into + 1] = node
            if kind == "#" or kind == "^" then
                open[#open + 1] = node
                if #open > DEPTH then
                    fail(text, start, "sections are nested too deeply")
                end
            end
        end
        at = behind + 1
    end
    if #open > 1 then
        fail(text, open[#open].at, ("{{#%s}} is never closed"):format(open[#open].name))
    end
    return root.children
end

-- The innermost context that has the first part of the name; then the rest of it from there.
local function find(stack, name)
    if name == "." then
        return stack[#stack], true
    end
    local first, rest = name:match("^([^%.]+)%.?(.*)$")
    for i = #stack, 1, -1 do
        local value
        if type(stack[i]) == "table" then
            value = stack[i][first]
        end
        if value ~= nil then
            for part in rest:gmatch("[^%.]+") do
                if type(value) ~= "table" or value[part] == nil then
                    return nil, false
                end
                value = value[part]
            end
            return value, true
        end
    end
    return nil, false
end

local function is_empty(value)
    return not value or (type(value) == "table" and next(value) == nil)
end

-- Of what is shown, and must be text.
local function text_of(value, node, text)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
        fail(text, node.at, ("{{%s}} is a %s, not text"):format(node.name, kind))
    end
    return tostring(value)
end

local function render(nodes, stack, out, text, lenient)
    for _, node in ipairs(nodes) do
        if type(node) == "string" then
            out[#out + 1] = node
        else
            local value, found = find(stack, node.name)
            if node.kind == "^" then
                if is_empty(value) then
                    render(node.children, stack, out, text, lenient)
                end
            elseif node.kind == "#" then
                if is_empty(value) then
                    value = {}
                elseif type(value) ~= "table" or #value == 0 then
                    value = { value }
                end
                for _, item in ipairs(value) do
                    stack[#stack + 1] = item
                    render(node.children, stack, out, text, lenient)
                    stack[#stack] = nil
                end
            elseif found then
                value = text_of(value, node, text)
                out[#out + 1] = node.kind == "raw" and value or template.escape(value)
            elseif not lenient then
                fail(text, node.at, ("there is no value for {{%s}}"):format(node.name))
            end
        end
    end
end

-- A function of the values; parse once, fill often. opts.lenient: see above.
function template.compile(text, opts)
    local nodes, lenient = parse(text), opts ~= nil and opts.lenient == true
    return function(context)
        local out = {}
        render(nodes, { context or {} }, out, text, lenient)
        return table.concat(out)
    end
end

function template.render(text, context, opts)
    return template.compile(text, opts)(context)
end

return template

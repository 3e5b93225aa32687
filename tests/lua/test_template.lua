-- template: what each tag gives, what it must never let through, and where it says a mistake is.

local expect = require "expect"
local template = require "template"

local cases = { -- name, template, values, text
    { "plain text", "no tags { } here", {}, "no tags { } here" },
    { "a value", "Hello, {{name}}!", { name = "Ada" }, "Hello, Ada!" },
    { "spaces in a tag", "{{ name }}", { name = "Ada" }, "Ada" },
    { "numbers and booleans", "{{i}} {{f}} {{b}}", { i = 3, f = 0.5, b = false }, "3 0.5 false" },
    { "HTML is escaped", "{{x}}", { x = [[<a href="x" title='y'>&amp;]] },
        "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;" },
    { "raw is not", "{{{x}}}", { x = "<b>&</b>" }, "<b>&</b>" },
    { "values are not templates", "{{x}}{{{x}}}", { x = "{{y}}%1" }, "{{y}}%1{{y}}%1" },
    { "dotted names", "{{a.b.c}}", { a = { b = { c = 7 } } }, "7" },
    { "a list", "{{#l}}<{{.}}>{{/l}}", { l = { 1, 2, 3 } }, "<1><2><3>" },
    { "a list of tables", "{{#l}}{{n}},{{/l}}", { l = { { n = "a" }, { n = "b" } } }, "a,b," },
    { "a list of numbers sees the names outside", "{{#l}}{{.}}{{unit}} {{/l}}", { l = { 1, 2 }, unit = "m" }, "1m 2m " },
    { "a list of texts sees the names outside, not string's functions", "{{#l}}{{.}}{{len}} {{/l}}",
        { l = { "a" }, len = "!" }, "a! " },
    { "a table is a context", "{{#p}}{{first}} {{last}}{{/p}}", { p = { first = "Ada" }, last = "L" }, "Ada L" },
    { "the inner name wins", "{{#p}}{{n}}{{/p}}{{n}}", { p = { n = 1 }, n = 2 }, "12" },
    { "false is a value of the inner one", "{{#p}}{{n}}{{/p}}", { p = { n = false }, n = 2 }, "false" },
    { "true shows once", "{{#t}}yes{{/t}}", { t = true }, "yes" },
    { "false, nil and empty do not", "{{#f}}x{{/f}}{{#n}}x{{/n}}{{#e}}x{{/e}}", { f = false, e = {} }, "" },
    { "inverted", "{{^f}}a{{/f}}{{^n}}b{{/n}}{{^e}}c{{/e}}{{^t}}d{{/t}}", { f = false, e = {}, t = true }, "abc" },
    { "nested sections", "{{#a}}{{#b}}{{.}}{{/b}};{{/a}}", { a = { { b = { 1, 2 } }, { b = {} }, { b = { 3 } } } }, "12;;3;" },
    { "remarks", "a{{! not shown {{ }}b", {}, "ab" },
    { "an empty template", "", {}, "" },
}

local mistakes = { -- name, template, values, part of the message
    { "an unknown name", "line one\n{{nam}}", { name = 1 }, "template line 2: there is no value for {{nam}}" },
    { "an unknown part of a name", "{{a.c}}", { a = { b = 1 } }, "no value for {{a.c}}" },
    { "a part of what is no table", "{{a.b}}", { a = 1 }, "no value for {{a.b}}" },
    { "a table as text", "{{a}}", { a = {} }, "{{a}} is a table, not text" },
    { "a function as text", "{{a}}", { a = print }, "{{a}} is a function, not text" },
    { "never closed", "\n\n{{#a}}x", {}, "template line 3: {{#a}} is never closed" },
    { "closed wrongly", "{{#a}}{{#b}}{{/a}}{{/b}}", {}, "{{/a}} closes nothing that is open" },
    { "closed without opening", "{{/a}}", {}, "{{/a}} closes nothing" },
    { "no end of a tag", "{{a", {}, "{{ without }}" },
    { "no end of a raw tag", "{{{a}}", {}, "{{ without }}" },
    { "no name", "{{}}", {}, "{{}} is no name" },
    { "a name with code in it", "{{a + b}}", {}, "is no name" },
    { "too deep", ("{{#a}}"):rep(60) .. ("{{/a}}"):rep(60), {}, "nested too deeply" },
}

local tests = {}
for _, case in ipairs(cases) do
    tests[#tests + 1] = { case[1], function()
        expect.equal(template.render(case[2], case[3]), case[4])
    end }
end
for _, case in ipairs(mistakes) do
    tests[#tests + 1] = { "refused: " .. case[1], function()
        expect.raises(case[4], template.render, case[2], case[3])
    end }
end

tests[#tests + 1] = { "compiled once, filled often", function()
    local fill = template.compile("{{#l}}{{.}}{{/l}}")
    expect.equal(fill({ l = { 1, 2 } }), "12")
    expect.equal(fill({ l = {} }), "")
    expect.equal(fill(), "")
end }
tests[#tests + 1] = { "lenient: an unknown name is empty, a mistake in the template is not", function()
    expect.equal(template.render("<{{x}}{{a.b}}>", { a = 1 }, { lenient = true }), "<>")
    expect.raises("is no name", template.render, "{{}}", {}, { lenient = true })
end }

return tests

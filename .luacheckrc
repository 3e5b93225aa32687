-- What the box gives to Lua (design: LUA): Lua 5.4 without the tables and functions that reach outside it, and nothing more.
std = "lua54"
not_globals = {
    "os", "io", "debug", "package",
    "dofile", "loadfile", "collectgarbage",
}
max_line_length = 120
cache = false

-- Annotations for editors: every function there is an empty body with named parameters.
files["lua/meta"] = { ignore = { "211", "212", "241", "631" } }

-- Programs of the tests run on the host, with all of Lua; what is tested stands in long lines.
local host = { "os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage" }
for _, path in ipairs({ "tests/tidy", "tests/lint", "tests/coverage", "tests/market", "tests/lua/run", "tests/lua/meta", "tests/lua/luacheckrc" }) do
    files[path] = { globals = host, max_line_length = 180 }
end
files["tests"] = { max_line_length = 180 }
-- Benches run the same script in a box and outside.
files["tests/bench/scripts"] = { read_globals = { "files", "data", "io" }, max_line_length = 180 }
-- `not (a <= b)` is what is tested there: with NaN it differs from `a > b`.
files["tests/lua/expect.lua"] = { ignore = { "581" } }

-- What a policy is for stands in its first line.
files["manifests/policies"] = { max_line_length = 180 }
-- Of the parts between --@if and --@end, a project gets some.
files["tools/templates"] = { ignore = { "314" } }

-- Hostile on purpose.
exclude_files = { "tests/hostile/**", "tests/box/hostile/**", "tests/box/hostile.lua" }

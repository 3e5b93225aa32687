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

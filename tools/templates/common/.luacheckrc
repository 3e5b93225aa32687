-- What an iApp finds in its box: Lua 5.4 without what reaches outside.
std = "lua54"
not_globals = { "os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage" }
max_line_length = 120
exclude_files = { ".enclua" }

-- The parts of the library that are plain Lua, for unit tests of an iApp outside its box. In this folder:
-- luarocks --lua-version 5.4 make
-- base64 and dp_source stand in for what is C inside: the same answers; but noise from math.random, which hides nothing.
rockspec_format = "3.0"
package = "enclua"
version = "0.1.0-1"
source = { url = "file://." }
description = {
    summary = "What iApps find in their box, as far as it is plain Lua",
    license = "none stated",
    detailed = "date, dp, inspect, mime, stats and template. csv, hash, json, matrix and vec are C and in the box alone.",
}
dependencies = { "lua >= 5.4" }
build = {
    type = "builtin",
    modules = {
        base64 = "rock/base64.lua",
        date = "date.lua",
        dp = "dp.lua",
        dp_source = "rock/dp_source.lua",
        inspect = "inspect.lua",
        mime = "mime.lua",
        stats = "stats.lua",
        stats_regression = "stats_regression.lua",
        stats_shared = "stats_shared.lua",
        template = "template.lua",
    },
}

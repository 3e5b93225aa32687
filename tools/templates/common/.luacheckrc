-- What Lua finds in a box. std "iapp": main.lua, its modules and test.lua. std "policy": the files of a policy.
-- Names of plain Lua that are left out here are not there; "lua_modules" and what is below .enclua are somebody else's.

local function names(list)
    local fields = {}
    for name in list:gmatch("%S+") do
        fields[name] = {}
    end
    return { fields = fields }
end

local function define(list, tables)
    local globals = names(list).fields
    for name, fields in pairs(tables) do
        globals[name] = names(fields)
    end
    return { read_globals = globals }
end

stds.iapp = define("_VERSION assert error getmetatable ipairs load next pairs pcall print rawequal rawget rawlen rawset " ..
    "require select setmetatable tonumber tostring type xpcall", {
    coroutine = "close create isyieldable resume running status wrap yield",
    math = "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random " ..
        "sin sqrt tan tointeger type ult",
    string = "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper",
    table = "concat insert move pack remove sort unpack",
    utf8 = "char charpattern codepoint codes len offset",
})
stds.iapp.read_globals._G = { other_fields = true }

stds.policy = define("all any assert count each ends error has ipairs max min oblige require select starts sum tostring type", {})

std = "iapp"
files["**/policy.lua"] = { std = "policy" }
files["**/policy/**/*.lua"] = { std = "policy" }
max_line_length = 120
exclude_files = { ".enclua", "lua_modules" }

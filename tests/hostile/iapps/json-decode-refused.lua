-- expect: OK "0"
local json, n = require "json", 0
for _, s in ipairs { "", "[", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "\"\\ud800\"", "01", "+1", "1.", ".5", "1e", "nul", "'x'", "[1 2]", "\"\n\"", "\xff", "\xef\xbb\xbf1", "1 1",
    "1e999", "123456789012345678901234567890", "\"\\x\"", "// c\n1", "NaN", "Infinity", "\0", ("["):rep(201) .. ("]"):rep(201) } do
    if pcall(json.decode, s) then n = n + 1 end
end
return n

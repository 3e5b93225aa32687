local t = require "test"
local hash = require "hash"

t.case("a file is signed with the secret, and the secret stays inside", function()
    local r = t.run { files = { ["letter.txt"] = "hello" }, secrets = { "s3cret" }, app_secret = "mine" }
    t.equal(r.files["signatures.txt"],
        hash.hmac("s3cret", "hello") .. "  letter.txt\n" .. hash.hmac("mine", "hello") .. "  letter.txt (author)\n")
    assert(not r.log:find("s3cret", 1, true))
end)

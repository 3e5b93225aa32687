-- base64 and hash, against published values.

local base64 = require "base64"
local expect = require "expect"
local hash = require "hash"

return {
    needs = "base64",
    { "base64 (RFC 4648, section 10)", function()
        for plain, text in pairs { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy" } do
            expect.equal(base64.encode(plain), text)
            expect.equal(base64.decode(text), plain)
            expect.equal(base64.decode((text:gsub("=", ""))), plain)
        end
        for _, bad in ipairs { "Zg=", "Z", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "=", "Zm9v\n", "Zm9-" } do
            expect.refuses("not base64", base64.decode(bad))
        end
        local all = {}
        for i = 0, 255 do
            all[i + 1] = string.char(i)
        end
        all = table.concat(all)
        expect.equal(base64.decode(base64.encode(all)), all)
    end },
    { "SHA-256 and SHA-512 (FIPS 180-2)", function()
        expect.equal(hash.sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        expect.equal(hash.sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        expect.equal(hash.sha512("abc"):sub(1, 32), "ddaf35a193617abacc417349ae204131")
        expect.equal(#hash.sha256("x", true), 32)
        expect.equal(#hash.sha512("x", true), 64)
    end },
    { "BLAKE2b (RFC 7693) and its sizes", function()
        expect.equal(hash.blake2b("abc", 64):sub(1, 32), "ba80a53f981c4d0d6a2797b69f12f6e9")
        expect.equal(#hash.blake2b("abc"), 64)
        expect.equal(#hash.blake2b("abc", 16, ("k"):rep(32), true), 16)
        assert(hash.blake2b("abc", 32, ("k"):rep(32)) ~= hash.blake2b("abc", 32, ("l"):rep(32)))
        expect.raises("between 16 and 64", hash.blake2b, "x", 65)
        expect.raises("between 16 and 64", hash.blake2b, "x", 32, "short")
    end },
    { "HMAC-SHA-256 (RFC 4231, case 2)", function()
        expect.equal(hash.hmac("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    end },
}

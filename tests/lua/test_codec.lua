-- base64 and hash, against published values: lua_codec.c of the box.

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
    { "digests of FIPS 180 as text and as bytes", function()
        local long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        expect.equal(hash.sha256(long), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        expect.equal(hash.sha256(("a"):rep(1000000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        expect.equal(hash.sha512("abc"), "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        for _, f in ipairs { hash.sha256, hash.sha512 } do
            local bytes = f(long, true)
            expect.equal(#bytes * 2, #f(long))
            expect.equal((bytes:gsub(".", function(c)
                return ("%02x"):format(c:byte())
            end)), f(long))
        end
        expect.raises("string expected", hash.sha256)
        expect.raises("string expected", hash.sha256, {})
    end },
    { "BLAKE2b (RFC 7693, appendix A), and an empty text", function()
        expect.equal(hash.blake2b("abc", 64), "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            .. "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")
        expect.equal(hash.blake2b("", 32), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
        expect.raises("between 16 and 64", hash.blake2b, "x", 15)
        expect.raises("between 16 and 64", hash.blake2b, "x", 32, ("k"):rep(65))
    end },
    { "HMAC-SHA-256 (RFC 4231, cases 1, 3, 4, 6 and 7)", function()
        expect.equal(hash.hmac(("\x0b"):rep(20), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        expect.equal(hash.hmac(("\xaa"):rep(20), ("\xdd"):rep(50)), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
        local key = {}
        for i = 1, 25 do
            key[i] = string.char(i)
        end
        expect.equal(hash.hmac(table.concat(key), ("\xcd"):rep(50)), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b")
        expect.equal(hash.hmac(("\xaa"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        expect.equal(hash.hmac(("\xaa"):rep(131), "This is a test using a larger than block-size key and a larger than block-size data. "
            .. "The key needs to be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")
        expect.equal(#hash.hmac("k", "x", true), 32)
    end },
    { "base64 of every length, and every character outside its alphabet", function()
        for n = 0, 200 do
            local bytes = {}
            for i = 1, n do
                bytes[i] = string.char(math.random(0, 255))
            end
            bytes = table.concat(bytes)
            local text = base64.encode(bytes)
            expect.equal(#text, (n + 2) // 3 * 4)
            expect.equal(base64.decode(text), bytes)
            expect.equal(base64.decode((text:gsub("=", ""))), bytes)
        end
        for c = 0, 255 do
            local char = string.char(c)
            if not char:find("[A-Za-z0-9+/]") then
                expect.refuses("not base64", base64.decode("Zm" .. char .. "v"))
                expect.refuses("not base64", base64.decode(char .. "m9v"))
            end
        end
        for _, bad in ipairs { "Zm9vYh==", "Zm9vYmF=", "Zm9vYh", "Zm9vYmF", "Zg===", "====", "Zg=\0", "Zm9vY" } do
            expect.refuses("not base64", base64.decode(bad))
        end
    end },
}

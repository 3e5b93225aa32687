local t = require "test"

t.case("the median, as 32 bytes", function()
    local r = t.run {
        args = { symbol = "RLC" },
        files = { ["quotes.csv"] = "symbol,price\nRLC,1.5\nRLC,1.25\nETH,3000\nRLC,2\n" },
    }
    t.equal(r.callback, ("\0"):rep(24) .. (">I8"):pack(150000000))
end)

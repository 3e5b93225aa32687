-- vec and matrix: small cases by hand, identities on made matrices, and everything that must be refused.

local expect = require "expect"
local matrix = require "matrix"
local vec = require "vec"

-- Numbers without a pattern, the same every time.
local function made(rows, cols, seed)
    local m, s = matrix.new(rows, cols), seed
    for i = 1, rows do
        for j = 1, cols do
            s = s * 16807 % 2147483647
            m:set(i, j, s / 2147483647 - 0.5)
        end
    end
    return m
end

local function largest_difference(a, b)
    local most = 0
    for i = 1, a:rows() do
        for j = 1, a:cols() do
            most = math.max(most, math.abs(a:get(i, j) - b:get(i, j)))
        end
    end
    return most
end

local function hilbert(n)
    local m = matrix.new(n, n)
    for i = 1, n do
        for j = 1, n do
            m:set(i, j, 1 / (i + j - 1))
        end
    end
    return m
end

return {
    { "vec: make, read, write, length", function()
        local v = vec.from({ 3, 1, 2 })
        expect.equal(#v, 3)
        expect.equal(v[1], 3.0)
        expect.equal(v[4], nil)
        expect.equal(v[0], nil)
        v[2] = 10
        expect.list(v:to_table(), { 3, 10, 2 })
        expect.list(vec.new(2, 7):to_table(), { 7, 7 })
        expect.equal(#vec.new(0), 0)
        local seen = {}
        for i, x in ipairs(v) do
            seen[i] = x
        end
        expect.list(seen, { 3, 10, 2 })
        expect.equal(v, vec.from({ 3, 10, 2 }))
        expect.equal(v == vec.from({ 3, 10, 3 }), false)
    end },

    { "vec: sums and products", function()
        local a, b = vec.from({ 1, 2, 3 }), vec.from({ 4, -5, 6 })
        expect.equal(a:dot(b), 12.0)
        expect.equal(vec.dot(a, b), 12.0)
        expect.equal(b:sum(), 5.0)
        expect.equal(a:mean(), 2.0)
        expect.near(vec.from({ 3, 4 }):norm(), 5)
        expect.near(vec.from({ 3e200, 4e200 }):norm(), 5e200)
        expect.near(vec.from({ 3e-200, 4e-200 }):norm() / 1e-200, 5)
        expect.equal(vec.from({ 1e100, 1, -1e100 }):sum(), 1.0)
        expect.list((a + b):to_table(), { 5, -3, 9 })
        expect.list((a - b):to_table(), { -3, 7, -3 })
        expect.list((2 * a):to_table(), { 2, 4, 6 })
        expect.list((a * 2):to_table(), { 2, 4, 6 })
        expect.list((-a):to_table(), { -1, -2, -3 })
        expect.equal(vec.axpy(10, a, b), b)
        expect.list(b:to_table(), { 14, 15, 36 })
        expect.list(a:to_table(), { 1, 2, 3 })
    end },

    { "vec: sort, argmax, slice, map", function()
        local v = vec.from({ 2, -1, 5, 5, 0 })
        expect.equal(v:argmax(), 3)
        expect.equal(select(2, v:argmax()), 5.0)
        expect.equal(v:argmin(), 2)
        expect.list(v:slice(2, 3):to_table(), { -1, 5 })
        expect.list(v:slice(-2):to_table(), { 5, 0 })
        expect.list(v:slice(4, 2):to_table(), {})
        expect.list(v:slice(-100, 100):to_table(), { 2, -1, 5, 5, 0 })
        expect.list(v:slice(math.mininteger, math.maxinteger):to_table(), { 2, -1, 5, 5, 0 })
        expect.list(v:slice(math.maxinteger):to_table(), {})
        expect.list(v:slice(0, math.mininteger):to_table(), {})
        expect.list(v:map(function(x)
            return x * x
        end):to_table(), { 4, 1, 25, 25, 0 })
        expect.list(v:copy():sort():to_table(), { -1, 0, 2, 5, 5 })
        expect.equal(v[1], 2.0)
        local odd = vec.from({ 0 / 0, 1, 0.0, -0.0, -math.huge }):sort()
        expect.equal(odd[1], -math.huge)
        expect.equal(1 / odd[2], -math.huge)
        expect.equal(1 / odd[3], math.huge)
        expect.equal(odd[5] ~= odd[5], true)
        expect.raises("no number", vec.argmax, vec.from({ 0 / 0 }))
        expect.raises("empty", vec.mean, vec.new(0))
    end },

    { "vec: what is refused", function()
        local v = vec.new(3)
        expect.raises("index 4 is not between 1 and 3", function() v[4] = 1 end)
        expect.raises("index 0", function() v[0] = 1 end)
        expect.raises("number expected", function() v[1] = "x" end)
        expect.raises("number expected", function() v.x = 1 end)
        expect.raises("lengths differ: 3 and 2", vec.dot, v, vec.new(2))
        expect.raises("sizes differ", function() return v + vec.new(2) end)
        expect.raises("vec expected", function() return v + matrix.new(3, 1) end)
        expect.raises("element 2 is a string", vec.from, { 1, "2" })
        expect.raises("element 2 is a nil", vec.from, { 1, nil, 3 })
        expect.raises("negative", vec.new, -1)
        expect.raises("too large", vec.new, 1 << 40)
        expect.raises("too large", vec.new, math.maxinteger)
        expect.raises("what the function gave is a nil", vec.apply, v, function() end)
        expect.raises("boom", vec.map, v, function() error("boom") end)
        expect.raises("vec expected", vec.sum, {})
        expect.raises("vec expected", vec.sum, matrix.new(1, 1))
    end },

    { "matrix: make, read, write", function()
        local m = matrix.from_rows({ { 1, 2, 3 }, { 4, 5, 6 } })
        expect.equal(m:rows(), 2)
        expect.equal(m:cols(), 3)
        expect.equal(m:get(2, 3), 6.0)
        m:set(2, 3, 60)
        expect.list(m:row(2):to_table(), { 4, 5, 60 })
        expect.list(m:col(3):to_table(), { 3, 60 })
        expect.equal(m:transpose(), matrix.from_rows({ { 1, 4 }, { 2, 5 }, { 3, 60 } }))
        expect.list(m:to_rows()[2], { 4, 5, 60 })
        expect.equal(matrix.identity(2), matrix.from_rows({ { 1, 0 }, { 0, 1 } }))
        expect.equal(matrix.new(1, 2, 9), matrix.from_rows({ { 9, 9 } }))
        expect.equal(m:copy():fill(0), matrix.new(2, 3))
        expect.equal(m:get(1, 1), 1.0)
        m:apply(function(x) return -x end)
        expect.list(m:row(1):to_table(), { -1, -2, -3 })
        expect.equal(tostring(m), "matrix of 2 x 3")
        expect.equal(tostring(vec.new(4)), "vec of 4")
        expect.equal(getmetatable(m), false)
        expect.equal(getmetatable(vec.new(1)), false)
    end },

    { "matrix: products", function()
        local a, b = matrix.from_rows({ { 1, 2 }, { 3, 4 } }), matrix.from_rows({ { 5, 6 }, { 7, 8 } })
        expect.equal(a * b, matrix.from_rows({ { 19, 22 }, { 43, 50 } }))
        expect.list((a * vec.from({ 1, 10 })):to_table(), { 21, 43 })
        expect.equal(2 * a, matrix.from_rows({ { 2, 4 }, { 6, 8 } }))
        expect.equal(a * 2, a:scale(2))
        expect.equal(a + b - b, a)
        expect.equal(matrix.new(2, 0) * matrix.new(0, 3), matrix.new(2, 3))
    end },

    { "matrix: a product over block borders is the product by its definition, to the last bit", function()
        local a, b = made(70, 131, 11), made(131, 67, 12)
        local c = a * b
        for i = 1, 70, 23 do
            for j = 1, 67 do
                local s = 0.0
                for k = 1, 131 do
                    s = s + a:get(i, k) * b:get(k, j)
                end
                expect.equal(c:get(i, j), s)
            end
        end
    end },

    { "matrix: solve and inverse", function()
        local a = matrix.from_rows({ { 0, 2, 1 }, { 1, -2, -3 }, { -1, 1, 2 } })
        local x = a:solve(vec.from({ -8, 0, 3 }))
        for i, want in ipairs({ -4, -5, 2 }) do
            expect.near(x[i], want)
        end
        local big = made(60, 60, 5)
        expect.near(largest_difference(big * big:inverse(), matrix.identity(60)), 0, 1e-11)
        local many = made(60, 3, 6)
        expect.near(largest_difference(big * big:solve(many), many), 0, 1e-11)
        expect.near(largest_difference(hilbert(5):inverse():scale(1 / 25), -- its first element is 25
            matrix.from_rows({ { 25, -300, 1050, -1400, 630 }, { -300, 4800, -18900, 26880, -12600 },
                { 1050, -18900, 79380, -117600, 56700 }, { -1400, 26880, -117600, 179200, -88200 },
                { 630, -12600, 56700, -88200, 44100 } }):scale(1 / 25)), 0, 1e-6)
        expect.equal(matrix.new(0, 0):inverse(), matrix.new(0, 0))
        expect.equal(matrix.from_rows({ { 1, 0 }, { 0, 1e-20 } }):inverse():get(2, 2), 1e20)
    end },

    { "matrix: what has no solution", function()
        expect.refuses("singular", matrix.from_rows({ { 1, 2 }, { 2, 4 } }):inverse())
        expect.refuses("singular", matrix.from_rows({ { 0.1, 0.2 }, { 0.3, 0.6 } }):solve(vec.new(2, 1)))
        expect.refuses("singular", matrix.new(3, 3):solve(vec.new(3)))
        expect.refuses("singular", matrix.new(2, 2, 0 / 0):inverse())
        expect.refuses("singular", matrix.from_rows({ { 1, math.huge }, { 2, 1 } }):inverse())
        expect.refuses("positive definite", matrix.from_rows({ { 1, 2 }, { 2, 1 } }):cholesky())
        expect.refuses("symmetric", matrix.from_rows({ { 1, 2 }, { 3, 9 } }):cholesky())
        expect.refuses("symmetric", matrix.new(2, 2, 0 / 0):cholesky())
    end },

    { "matrix: cholesky times its transpose is the matrix", function()
        local l = matrix.from_rows({ { 4, 12, -16 }, { 12, 37, -43 }, { -16, -43, 98 } }):cholesky()
        expect.equal(l, matrix.from_rows({ { 2, 0, 0 }, { 6, 1, 0 }, { -8, 5, 3 } }))
        local b = made(40, 40, 3)
        local a = b * b:transpose() + matrix.identity(40)
        local factor = a:cholesky()
        expect.near(largest_difference(factor * factor:transpose(), a), 0, 1e-13)
    end },

    { "matrix: what is refused", function()
        local m = matrix.new(2, 3)
        expect.raises("index 3 is not between 1 and 2", m.get, m, 3, 1)
        expect.raises("index 0 is not between 1 and 3", m.get, m, 1, 0)
        expect.raises("index 4", m.set, m, 1, 4, 0)
        expect.raises("number expected", m.set, m, 1, 1, "x")
        expect.raises("index 3", m.row, m, 3)
        expect.raises("2 x 3 times 2 x 3", function() return m * m end)
        expect.raises("2 x 3 times 2 x 1", function() return m * vec.new(2) end)
        expect.raises("2 x 3 and 3 x 2", function() return m + m:transpose() end)
        expect.raises("square", m.inverse, m)
        expect.raises("square", m.cholesky, m)
        expect.raises("3 rows, the matrix 2", matrix.solve, matrix.identity(2), vec.new(3))
        expect.raises("row 2 is not an array of 2", matrix.from_rows, { { 1, 2 }, { 1 } })
        expect.raises("row 2 is not", matrix.from_rows, { { 1, 2 }, 5 })
        expect.raises("row 1, column 2 is a string", matrix.from_rows, { { 1, "2" } })
        expect.raises("too large", matrix.new, 1 << 20, 1 << 20)
        expect.raises("too large", matrix.new, 1 << 62, 4)
        expect.raises("too large", matrix.identity, 1 << 28)
        expect.raises("too large", function() return matrix.new(1 << 26, 0) * matrix.new(0, 1 << 26) end)
        expect.raises("matrix expected", matrix.get, vec.new(1), 1, 1)
        expect.raises("attempt to", function() return m < m end)
    end },
}

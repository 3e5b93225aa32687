local util = {}

function util.answer()
    return "42\n"
end

return util

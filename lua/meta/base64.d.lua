---@meta base64

---@class base64
local base64 = {}

---```lua
---local base64 = require "base64"
---assert(base64.encode("box") == "Ym94")
---```
---@param bytes string
---@return string
function base64.encode(bytes) end

---The bytes, or nil and why. Padding may be left out; anything else that is not canonical is refused.
---```lua
---local base64 = require "base64"
---assert(base64.decode("Ym94ZXM=") == "boxes" and base64.decode("Ym94ZXM") == "boxes")
---assert(base64.decode("Y m9") == nil)
---```
---@param text string
---@return string? bytes
---@return string? reason
function base64.decode(text) end

return base64

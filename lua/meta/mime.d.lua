---@meta mime

---E-mail messages as bytes, to be handed to a mail program: nothing is sent from a box. It builds and reads nothing. Whatever would end a
---header's line is refused, so no value can become another header. Equal messages are equal bytes: there is no date or id unless it is given.
---@class mime
local mime = {}

---"ann@example.org", or with a name.
---@alias mime.Address string|{ name: string?, address: string }

---`to`, `cc`, `from` and `reply_to` are one address or a list. `text` and `html` together are alternatives. `date` is seconds since 1970;
---`message_id` is "<what@where>". There is no bcc: who else gets it is the envelope's business.
---@class mime.Message
---@field from mime.Address|mime.Address[]|nil
---@field to mime.Address|mime.Address[]|nil
---@field cc mime.Address|mime.Address[]|nil
---@field reply_to mime.Address|mime.Address[]|nil
---@field subject string?
---@field date integer?
---@field message_id string?
---@field headers table<string, string>? more of them, by name
---@field text string?
---@field html string?
---@field attachments { name: string, bytes: string, type: string? }[]? type: "application/octet-stream" where it is left out

---The message, its lines ended by CR LF. Names and subjects may be any UTF-8. What cannot be written raises.
---```lua
---local mime = require "mime"
---local mail = mime.message {
---  from = "results@example.org", to = { name = "Zoë", address = "zoe@example.org" }, subject = "Your average",
---  text = "See the table.", attachments = { { name = "table.csv", type = "text/csv", bytes = "age\n50\n" } },
---}
---assert(mail:find("To: =?utf-8?B?Wm/Dqw==?= <zoe@example.org>\r\n", 1, true) and mail:find('filename="table.csv"', 1, true))
---assert(not pcall(mime.message, { subject = "Hi\r\nBcc: eve@example.org" }))
---```
---@param message mime.Message
---@return string
function mime.message(message) end

---One header, folded, without a line end behind it.
---```lua
---local mime = require "mime"
---assert(mime.header("Subject", "Résultats") == "Subject: =?utf-8?B?UsOpc3VsdGF0cw==?=")
---```
---@param name string
---@param value string
---@return string
function mime.header(name, value) end

---```lua
---local mime = require "mime"
---assert(mime.quoted_printable("café\n1 = 1") == "caf=C3=A9\r\n1 =3D 1")
---```
---@param text string
---@return string
function mime.quoted_printable(text) end

return mime

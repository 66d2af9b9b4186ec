import { HANDLE_INDEX } from './lua-machine.ts';
import { BUFFER_PARTS } from './reading-buffer.ts';

/** Handles: buffer number × 16 + part number. */
export const PARTS_PER_BUFFER = 16;

/** Scalar attributes of a reading buffer, by number. */
export const BUFFER_ATTRIBUTES = [
  'n',
  'capacity',
  'appendmode',
  'collecttimestamps',
  'collectsourcevalues',
  'timestampresolution',
  'basetimestamp',
  'cachemode',
] as const;

/**
 * The layer between Lua 5.4 and the instrument's dialect: what Lua 5.0 has and 5.4 has not, without what would reach
 * outside the instrument; tables of the command set as proxies; reading buffers.
 */
export const DIALECT = `
local get, set, call, wait = _get, _set, _call, _wait
local bufferpart, bufferget, bufferset, bufferclear = _bufferpart, _bufferget, _bufferset, _bufferclear
local emit, translate = _print, _translate
_get, _set, _call, _wait, _bufferpart, _bufferget, _bufferset, _bufferclear = nil
_print, _translate = nil
local load, type, error, setmetatable, format, select = load, type, error, setmetatable, string.format, select
local floor, ceil, getmetatable = math.floor, math.ceil, getmetatable

function object(constants, attributes)
  return setmetatable({}, {
    __index = function(_, key)
      local value = constants[key]
      if value ~= nil then return value end
      local id = attributes[key]
      if id then return get(id) end
    end,
    __newindex = function(_, key, value)
      local id = attributes[key]
      if id == nil then error("cannot modify " .. tostring(key), 2) end
      set(id, value)
    end,
    __metatable = false,
  })
end

function guarded(guard, constants, attributes)
  local inner = object(constants, attributes)
  local outer = { guard = guard, inner = inner }
  return outer
end

-- node[N]: nil while the node cannot be reached
function nodetable(nodes)
  return setmetatable({}, {
    __index = function(_, key)
      local entry = nodes[key]
      if entry and get(entry.guard) then return entry.inner end
    end,
    __newindex = function() error("cannot modify node", 2) end,
    __metatable = false,
  })
end

function callable(id) return function(...) return call(id, ...) end end
function waiting(id) return function(...) return wait(id, ...) end end

local parts = { ${BUFFER_PARTS.map((part, i) => `${part}=${i}`).join(', ')} }
local attributes = { ${BUFFER_ATTRIBUTES.map((name, i) => `${name}=${i}`).join(', ')} }
function buffer(number)
  local first = number * ${PARTS_PER_BUFFER}
  local members = {
    clear = function() bufferclear(number) end,
    clearcache = function() end,
  }
  for name, part in pairs(parts) do
    members[name] = setmetatable({ [${HANDLE_INDEX}] = first + part }, {
      __index = function(_, i) return bufferpart(number, part, i) end,
      __newindex = function() error("reading buffers are read only", 2) end,
      __metatable = false,
    })
  end
  return setmetatable({ [${HANDLE_INDEX}] = first }, {
    __index = function(_, key)
      local member = members[key]
      if member then return member end
      if type(key) == "number" then return bufferpart(number, 0, key) end
      local attribute = attributes[key]
      if attribute then return bufferget(number, attribute) end
    end,
    __newindex = function(_, key, value)
      local attribute = attributes[key]
      if attribute == nil then error("cannot modify " .. tostring(key), 2) end
      bufferset(number, attribute, value)
    end,
    __metatable = false,
  })
end
function maker(id)
  return function(...)
    local number = call(id, ...)
    if number then return buffer(number) end
  end
end

local plain = tostring
function tostring(value)
  if type(value) == "number" then return format("%.14g", value) end
  return plain(value)
end

function print(...)
  local values = { ... }
  local count = select("#", ...)
  for i = 1, count do
    local kind = type(values[i])
    if kind ~= "number" and kind ~= "string" and kind ~= "boolean" and kind ~= "nil" then values[i] = plain(values[i]) end
  end
  emit(unpack(values, 1, count))
end

unpack = table.unpack
table.getn = function(t) return t.n or #t end
table.setn = function(t, n) t.n = n end
table.foreach = function(t, f)
  for k, v in pairs(t) do
    local result = f(k, v)
    if result ~= nil then return result end
  end
end
table.foreachi = function(t, f)
  for i = 1, table.getn(t) do
    local result = f(i, t[i])
    if result ~= nil then return result end
  end
end
table.pack, table.unpack, table.move = nil
math.mod = math.fmod
math.pow = function(a, b) return a ^ b end
math.log10 = function(a) return math.log(a, 10) end
math.ldexp = function(m, e) return m * 2.0 ^ e end
math.tointeger, math.type, math.ult, math.maxinteger, math.mininteger = nil
string.gfind = string.gmatch
string.gmatch, string.pack, string.unpack, string.packsize, string.match, string.reverse = nil
-- %d of a fraction truncates in 5.0
string.format = function(text, ...)
  local values, place = { ... }, 0
  for kind in string.gfind(text, "%%[-+ #0-9.]*([%a%%])") do
    if kind ~= "%" then
      place = place + 1
      local value = values[place]
      if string.find("diuxXoc", kind, 1, true) and type(value) == "number" then
        values[place] = value < 0 and ceil(value) or floor(value)
      end
    end
  end
  return format(text, unpack(values, 1, select("#", ...)))
end
loadstring = function(text, name)
  local translated, failure = translate(text)
  if not translated then return nil, failure end
  return load(translated, name or "=string", "t")
end
gcinfo = function() return collectgarbage("count") end

local function newscript(name, text)
  local body, failure = load(text, "=" .. name, "t")
  if not body then error(failure, 0) end
  local script = setmetatable({ name = name, source = text, run = body, save = function() end }, {
    __call = function(_, ...) return body(...) end,
  })
  return script
end
_defined = {}
function _define(name, text)
  local script = newscript(name ~= "" and name or "anonymous", text)
  if name ~= "" then _G[name] = script; _defined[name] = script end
  return script
end
script = {
  delete = function(name) _defined[name] = nil; _G[name] = nil end,
  new = function(text, name)
    local translated, failure = translate(text)
    if not translated then error(failure, 0) end
    return _define(name or "", translated)
  end,
  user = { scripts = _defined },
}

for _, name in ipairs({ "dofile", "loadfile", "require", "load", "select", "rawlen", "warn", "coroutine", "debug", "os",
  "io", "package", "utf8" }) do
  _G[name] = nil
end
`;

/** Names the layer needs only while the command set is built. */
export const DIALECT_CLEANUP =
  'object, guarded, nodetable, callable, waiting, buffer, maker = nil, nil, nil, nil, nil, nil, nil';

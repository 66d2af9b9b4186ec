/**
 * Part of the script of tsp-library.ts: stored lists, sweeps, the choice of the branch, spot readings. Segments are
 * numbered as in programme-upload.ts; a limit that reads back another value or an output found off ends a run with
 * TBFAULT in place of TBIDLE.
 */
export const SWEEP_SCRIPT = `
function tb.segment(id, nplc, settle, range, limit)
  tb.g[id] = {n = 0, kept = 0, c = {}, r = {}, keep = {}, nplc = nplc, settle = settle, range = range, limit = limit}
end

function tb.points(id, count, volts)
  local g = tb.g[id]
  for i = 1, count do
    g.n = g.n + 1
    g.c[g.n] = 0
    g.r[g.n] = 0
    if volts[i] > 0 then g.c[g.n] = volts[i] end
    if volts[i] < 0 then g.r[g.n] = -volts[i] end
  end
end

function tb.keep(id, count, places)
  local g = tb.g[id]
  for i = 1, count do
    g.kept = g.kept + 1
    g.keep[g.kept] = places[i]
  end
end

function tb.check(id)
  local g = tb.g[id]
  local sum, weighted, keep = 0, 0, 0
  for i = 1, g.n do
    sum = sum + g.c[i] + g.r[i]
    weighted = weighted + i * (g.c[i] - g.r[i])
  end
  for i = 1, g.kept do keep = keep + i * g.keep[i] end
  print(string.format("%d %.9e %.9e %d %d %.9e %.9e %.9e %.9e", g.n, sum, weighted, g.kept, keep,
    g.nplc, g.settle, g.range, g.limit))
end

function tb.limit(k, range, limit)
  if tb.fault then return end
  if tb.range[k] == range and tb.lim[k] == limit then return end
  local s = tb.s[k]
  tb.range[k] = 0
  s.source.limiti = limit
  s.measure.rangei = range
  local back = s.source.limiti
  if math.abs(back - limit) > limit / 1000 then
    tb.fault = string.format("LIMIT %d %.9e %.9e", k, limit, back)
    return
  end
  tb.range[k] = range
  tb.lim[k] = limit
end

function tb.step(id, access, ra, la, rb, lb)
  local g = tb.g[id]
  if g.range > 0 then ra, la, rb, lb = g.range, g.limit, g.range, g.limit end
  if access == 0 then
    tb.limit(1, ra, la)
    tb.limit(2, rb, lb)
    tb.limit(3, ra + rb, la + lb)
  else
    tb.limit(1, tb.alone, tb.alone)
    tb.limit(2, tb.alone, tb.alone)
    if access == 1 then tb.limit(3, ra, la) else tb.limit(3, rb, lb) end
  end
  if tb.fault then return end
  for k = 1, 3 do
    local s = tb.s[k]
    local list = g.r
    if access == k or (access == 0 and k < 3) then list = g.c end
    if tb.nplc ~= g.nplc then s.measure.nplc = g.nplc end
    if tb.settle ~= g.settle then s.measure.delay = g.settle end
    s.trigger.source.listv(list)
    s.trigger.count = g.n
  end
  tb.nplc = g.nplc
  tb.settle = g.settle
  tb.s[3].trigger.initiate()
  tb.s[1].trigger.initiate()
  tb.s[2].trigger.initiate()
  waitcomplete()
  for k = 1, 3 do
    tb.s[k].nvbuffer1.clearcache()
    tb.s[k].nvbuffer2.clearcache()
  end
end

function tb.outputs()
  for k = 1, 3 do
    local s = tb.s[k]
    if not tb.fault and s.source.output ~= s.OUTPUT_ON then tb.fault = string.format("OUTPUT %d 1 0", k) end
  end
end

function tb.say(line)
  for copy = 1, tb.copies do print(line) end
end

function tb.limited(s, i)
  local word = s.nvbuffer1.statuses[i]
  return math.floor(word / 64) - 2 * math.floor(word / 128) == 1
end

function tb.ohms(id, side, access, strict)
  local own, other, row, g = tb.s[side], tb.s[3 - side], tb.s[3], tb.g[id]
  local volts, amps, n, sumv, sumi = {}, {}, 0, 0, 0
  for j = 1, g.kept do
    local i = g.keep[j]
    local v, w, a = own.nvbuffer2.readings[i], row.nvbuffer2.readings[i], own.nvbuffer1.readings[i]
    if access > 0 then a = -row.nvbuffer1.readings[i] end
    local usable = math.abs(v) < 1e37 and math.abs(w) < 1e37 and math.abs(a) < 1e37
    if strict and (tb.limited(own, i) or tb.limited(other, i) or tb.limited(row, i)) then usable = false end
    if usable then
      n = n + 1
      volts[n] = v - w
      amps[n] = a
      sumv = sumv + volts[n]
      sumi = sumi + a
    end
  end
  if n < 2 then return nil end
  local svv, svi = 0, 0
  for i = 1, n do
    local dv = volts[i] - sumv / n
    svv = svv + dv * dv
    svi = svi + dv * (amps[i] - sumi / n)
  end
  if svv == 0 then return nil end
  if svi == 0 then return 1e38 end
  return svv / svi
end

function tb.choose(id, side, access)
  local ohms = tb.ohms(id, side, access, true)
  if ohms == nil then ohms = tb.ohms(id, side, access, false) end
  if ohms == nil then return 1 end
  for i = 1, tb.branches - 1 do
    if math.abs(ohms) < tb.b[i].below then return i end
  end
  return tb.branches
end

function tb.wanted(run, side, access, branch, override)
  if access > 0 and access ~= side then return true, 0 end
  local b = tb.b[branch]
  if run == "loop" and override > 0 then return true, 1 end
  if b.action == 0 then return false, 0 end
  if b.action == 1 then return true, 1 end
  if run == "loop" then return true, 1 end
  return true, 0
end

function tb.pick(branch, range, limit)
  if range > 0 then return range, limit end
  local b = tb.b[branch]
  if b.range > 0 then return b.range, b.limit end
  return tb.fallback.range, tb.fallback.limit
end

function tb.run(token, run, access, ra, la, rb, lb)
  tb.fault = nil
  for k = 1, 3 do
    tb.s[k].nvbuffer1.clear()
    tb.s[k].nvbuffer2.clear()
  end
  for i = 1, 3 do
    tb.p.tsplink.trigger[i].clear()
    tb.q.tsplink.trigger[i].clear()
  end
  tb.p.trigger.blender[1].clear()
  tb.p.trigger.blender[2].clear()
  local base, did, ba, bb = 0, "preRead", 1, 1
  if access > 0 then base = 100 end
  local first, from, last, whole = base + 1, base + 3, base + tb.segments, "loop"
  if run == "quick" then first, from, last, whole = base + 51, base + 52, base + 50 + tb.quick, "quick" end
  tb.step(first, access, 0, 0, 0, 0)
  if not tb.fault then
    ba = tb.choose(first, 1, access)
    bb = tb.choose(first, 2, access)
    if run == "preRead" then
      tb.step(base + 1, access, 0, 0, 0, 0)
      did = "open"
    elseif run == "lowBias" then
      tb.step(base + 2, access, 0, 0, 0, 0)
      did = "lowBias"
    else
      local maya, la1 = tb.wanted(run, 1, access, ba, ra)
      local mayb, lb1 = tb.wanted(run, 2, access, bb, rb)
      if maya and mayb and la1 + lb1 > 0 then
        ra, la = tb.pick(ba, ra, la)
        rb, lb = tb.pick(bb, rb, lb)
        for i = from, last do
          if not tb.fault then tb.step(i, access, ra, la, rb, lb) end
        end
        did = whole
      end
    end
  end
  tb.outputs()
  if tb.fault then
    tb.say(string.format("TBFAULT %s %s", token, tb.fault))
    return
  end
  local b1, b2, b3 = tb.s[1].nvbuffer1, tb.s[2].nvbuffer1, tb.s[3].nvbuffer1
  local n = b1.n
  tb.say(string.format("TBIDLE %s %s %d %d %d %d %d %.9e", token, did, ba, bb, n, b2.n, b3.n, b1.timestamps[n]))
  for copy = 1, tb.copies do
    for k = 1, 3 do
      local s = tb.s[k]
      printbuffer(1, n, s.nvbuffer2.readings, s.nvbuffer1.readings, s.nvbuffer1.statuses)
    end
  end
end

function tb.spot(token, va, vb, vr, limit, nplc, settle)
  tb.fault = nil
  local level, volts, amps, comp = {va, vb, vr}, {}, {}, {}
  tb.outputs()
  for k = 1, 3 do tb.limit(k, limit, limit) end
  if tb.fault then
    tb.say(string.format("TBFAULT %s %s", token, tb.fault))
    return
  end
  tb.nplc = nil
  tb.settle = nil
  for k = 1, 3 do
    tb.s[k].measure.nplc = nplc
    tb.s[k].measure.delay = 0
    tb.s[k].source.levelv = level[k]
  end
  delay(settle)
  for k = 1, 3 do
    amps[k], volts[k] = tb.s[k].measure.iv()
    comp[k] = 0
    if tb.s[k].source.compliance then comp[k] = 1 end
  end
  for k = 1, 3 do tb.s[k].source.levelv = 0 end
  tb.say(string.format("TBSPOT %s %.9e %.9e %d %.9e %.9e %d %.9e %.9e %d", token,
    volts[1], amps[1], comp[1], volts[2], amps[2], comp[2], volts[3], amps[3], comp[3]))
end
`;

-- Adds messages to the streams of their ranks, each execution once.
--
-- KEYS: the hash of what is held, then the streams by rank.
-- ARGV: the group, MAXLEN, how many ms a message that was received counts as held,
--       then for each message: rank, execution, number of words, name, value, …
-- Returns how many were added.
--
-- The hash says for an execution "RANK/ENTRY", its newest message. It is believed
-- only as far as the streams bear it out, so that it does no harm when they are lost.

local held, group, maxlen, flight = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function parts(id)
	local ms, seq = string.match(id, '^(%d+)-(%d+)$')
	return tonumber(ms), tonumber(seq)
end

-- The entry up to which the group has read a stream.
local read = {}
local function readUpTo(key)
	if not read[key] then
		read[key] = '0-0'
		for _, g in ipairs(redis.call('XINFO', 'GROUPS', key)) do
			local info = {}
			for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
			if info['name'] == group then read[key] = info['last-delivered-id'] end
		end
	end
	return parts(read[key])
end

-- Whether an entry waits, or was received so lately that it may yet be claimed.
local function holds(key, id)
	if #redis.call('XRANGE', key, id, id) == 0 then return false end
	local ms, seq = parts(id)
	local readMs, readSeq = readUpTo(key)
	return ms > readMs or (ms == readMs and seq > readSeq) or now - ms < flight
end

local added, at = 0, 4
while at <= #ARGV do
	local rank, execution, words = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
	local there = redis.call('HGET', held, execution)
	local thereRank, id = nil, nil
	if there then thereRank, id = string.match(there, '^(%d)/(%d+%-%d+)$') end
	if not (thereRank and tonumber(thereRank) >= rank and holds(KEYS[thereRank + 2], id)) then
		local key = KEYS[rank + 2]
		id = redis.call('XADD', key, 'MAXLEN', '~', maxlen, '*', unpack(ARGV, at + 3, at + 2 + words))
		redis.call('HSET', held, execution, rank .. '/' .. id)
		added = added + 1
	end
	at = at + 3 + words
end
-- What nobody acks must not stay for ever. Without the hash an execution may wait twice.
if added > 0 and redis.call('PTTL', held) == -1 then redis.call('PEXPIRE', held, 3600000) end
return added

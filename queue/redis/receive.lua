-- Gives a consumer what waits, the best stream first.
--
-- KEYS: the streams, best first.
-- ARGV: the group, the consumer, the most messages.
-- Returns an error or '', then for each message {number of its stream, entry, {name, value, …}}.
-- An error of one stream does not lose what was read of another.

local got, left = { '' }, tonumber(ARGV[3])
for i, key in ipairs(KEYS) do
	if left <= 0 then break end
	local r = redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', left, 'STREAMS', key, '>')
	if r and r.err then
		got[1] = r.err
	elseif r then
		for _, entry in ipairs(r[1][2]) do
			got[#got + 1] = { i, entry[1], entry[2] }
			left = left - 1
		end
	end
end
return got

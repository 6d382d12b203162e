package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// TestCreateRefuses holds the rows of bad-input.md about bodies, headers and fields;
// row numbers are theirs. want is the status and the fields at fault.
func TestCreateRefuses(t *testing.T) {
	b := newBench(t)
	cron := func(fields string) string {
		return `{"name":"a","schedule":"0 2 * * *","handler_name":"noop"` + fields + `}`
	}
	once := func(fields string) string { return `{"name":"a","handler_name":"noop"` + fields + `}` }
	deep := strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33)
	tests := []struct {
		name, route, body string
		want              int
		fields            string
	}{
		{"B1 empty", "cron", "", 400, "body"},
		{"B2 null", "cron", "null", 400, "body"},
		{"B2 array", "cron", "[]", 400, "body"},
		{"B2 string", "cron", `"x"`, 400, "body"},
		{"B2 number", "cron", "5", 400, "body"},
		{"B3 trailing comma", "cron", `{"name":"a",}`, 400, "body"},
		{"B3 single quotes", "cron", `{'name':'a'}`, 400, "body"},
		{"B3 byte order mark", "cron", "\xef\xbb\xbf{}", 400, "body"},
		{"B3 comment", "cron", `{/* x */"name":"a"}`, 400, "body"},
		{"B3 cut off", "cron", `{"name":"a"`, 400, "body"},
		{"B3 control character", "cron", "{\"name\":\"a\nb\"}", 400, "name"},
		{"B4 two objects", "cron", cron("") + cron(""), 400, "body"},
		{"B4 garbage after", "cron", cron("") + "x", 400, "body"},
		{"B5 duplicate", "cron", cron(`,"name":"b"`), 400, "name"},
		{"B5 duplicate, escaped", "cron", cron(`,"n\u0061me":"b"`), 400, "name"},
		{"B5 duplicate in the payload", "cron", cron(`,"payload":{"a":1,"b":{"c":1,"c":2}}`), 400, "payload.b.c"},
		{"B6 upper case", "cron", cron(`,"Max_Retries":1`), 400, "Max_Retries"},
		{"B7 unknown", "cron", cron(`,"shedule":"x"`), 400, "shedule"},
		{"B8 invalid UTF-8", "cron", cron(",\"description\":\"\xff\""), 400, "description"},
		{"B8 lone surrogate", "cron", cron(`,"payload":{"a":["x","\ud800"]}`), 400, "payload.a[1]"},
		{"B8 NUL", "cron", cron(`,"tags":["\u0000"]`), 400, "tags[0]"},
		{"B9 too deep", "cron", cron(`,"payload":` + deep), 400, "payload" + strings.Repeat(".a", 31)},
		{"B9 too many", "cron", cron(`,"payload":{"a":[` + strings.Repeat("1,", 10_000) + `1]}`), 400, "payload.a[9995]"},
		{"B9 too large", "cron", cron(`,"payload":{"a":"` + strings.Repeat("x", 1<<20) + `"}`), 413, ""},
		{"B29 empty zone", "cron", cron(`,"timezone":""`), 400, "timezone"},
		{"B31 30 February", "once", once(`,"execute_at":"2026-02-30T00:00:00Z"`), 400, "execute_at"},
		{"B31 24 h", "once", once(`,"execute_at":"2026-12-01T24:00:00Z"`), 400, "execute_at"},
		{"B31 second 60", "once", once(`,"execute_at":"2026-12-01T23:59:60Z"`), 400, "execute_at"},
		{"B31 no offset", "once", once(`,"execute_at":"2026-12-01T00:00:00"`), 400, "execute_at"},
		{"B31 date", "once", once(`,"execute_at":"2026-12-01"`), 400, "execute_at"},
		{"B31 number", "once", once(`,"execute_at":1796000000`), 400, "execute_at"},
		{"B30 past", "once", once(`,"execute_at":"2026-11-23T11:58:59Z"`), 400, "execute_at"},
		{"B30 year 0", "once", once(`,"execute_at":"0000-01-01T00:00:00Z"`), 400, "execute_at"},
		{"B33 both", "once", once(`,"schedule":"0 2 * * *","execute_at":"2026-12-01T00:00:00Z"`), 400, "schedule"},
		{"B33 none", "once", once(``), 400, "execute_at"},
		{"in and execute_at", "once", once(`,"in":"1h","execute_at":"2026-12-01T00:00:00Z"`), 400, "in"},
		{"in is no duration", "once", once(`,"in":"5"`), 400, "in"},
		{"in the past", "once", once(`,"in":"-5m"`), 400, "in"},
		{"recurring without start", "recurring", cron(""), 400, "start_date"},
		{"B35 1.5", "cron", cron(`,"max_retries":1.5`), 400, "max_retries"},
		{"B35 string", "cron", cron(`,"max_retries":"3"`), 400, "max_retries"},
		{"B35 1e2", "cron", cron(`,"max_retries":1e2`), 400, "max_retries"},
		{"B35 9e99", "cron", cron(`,"max_retries":9e99`), 400, "max_retries"},
		{"B35 null", "cron", cron(`,"max_retries":null`), 400, "max_retries"},
		{"B36 2^63", "cron", cron(`,"timeout_ms":9223372036854775808`), 400, "timeout_ms"},
		{"B37 zero", "cron", cron(`,"concurrency":0`), 400, "concurrency"},
		{"B37 contradiction", "cron", cron(`,"concurrency":5,"allow_overlap":false`), 400, "concurrency"},
		{"B37 allow and skip", "cron", cron(`,"allow_overlap":true,"overlap":"skip"`), 400, "allow_overlap"},
		{"B42 priority", "cron", cron(`,"priority":"urgent"`), 400, "priority"},
		{"B42 empty priority", "cron", cron(`,"priority":""`), 400, "priority"},
		{"B43 unknown handler", "cron", `{"name":"a","schedule":"0 2 * * *","handler_name":"nop"}`, 400, "handler_name"},
		{"B43 wrong type", "cron", cron(`,"handler_type":"agent"`), 400, "handler_type"},
		{"B44 payload", "cron", `{"name":"a","schedule":"0 2 * * *","handler_name":"http","payload":{"uri":"x"}}`, 400, "payload.url"},
		{"B45 out of range", "cron", cron(`,"payload":{"a":1e400000}`), 400, "payload.a"},
		{"B45 NaN", "cron", cron(`,"payload":{"a":NaN}`), 400, "payload.a"},
		{"B45 not an object", "cron", cron(`,"payload":[1]`), 400, "payload"},
		{"B46 tags", "cron", cron(`,"tags":["a","a"]`), 400, "tags[1]"},
		{"B46 not tags", "cron", cron(`,"tags":"a"`), 400, "tags"},
		{"B47 not a slug", "cron", cron(`,"platform_id":"A b"`), 400, "platform_id"},
		{"B47 all", "cron", cron(`,"platform_id":"*"`), 400, "platform_id"},
		{"B48 created_by", "cron", cron(`,"created_by":"me","status":"completed","executions_count":3`), 400, "created_by status executions_count"},
		{"B48 id", "cron", cron(`,"id":"x"`), 400, "id"},
		{"B48 nil id", "cron", cron(`,"id":"00000000-0000-0000-0000-000000000000"`), 400, "id"},
		{"several at once", "cron", `{"name":"a/b","schedule":"61 * * * *","timezone":"Mars/Base","handler_name":"nop","max_retries":101}`, 400, "name timezone schedule max_retries handler_name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := b.in(t).do("POST", base+"/jobs/"+tt.route, tt.body).want(tt.want)
			if got.fields() != tt.fields {
				t.Errorf("fields at fault %q, want %q: %s", got.fields(), tt.fields, got.Body)
			}
		})
	}
	if jobs := read[[]any](b.do("GET", base+"/jobs", "").want(200)); len(jobs) != 0 {
		t.Errorf("%d jobs were made of bad input", len(jobs))
	}
}

// TestMessages holds what people read.
func TestMessages(t *testing.T) {
	b := newBench(t)
	tests := []struct{ body, want string }{
		{`[]`, "body: expected a JSON object, got array (line 1, column 1)"},
		{"{\n \"name\": 'a'}", `name: expected a value, got '\'' (line 2, column 10)`},
		{`{"name":"a","shedule":"x"}`, `shedule: unknown field; did you mean "schedule"?`},
		{`{"NAME":"a"}`, `NAME: unknown field; did you mean "name"?`},
		{`{"name":"a","name":"b"}`, "name: appears twice (line 1, column 13)"},
		{`{"name":"a"} {}`, "body: has extra data after the JSON object (line 1, column 14)"},
		{`{"max_retries":1.5}`, "max_retries: expected an integer, got 1.5"},
		{`{"status":"active"}`, "status: is set by the server"},
		{`{"name":"a","schedule":"0 2 * * *","handler_name":"nopo"}`, `handler_name: handler "nopo" is not registered; did you mean "noop"?`},
		{`{"name":"a","schedule":"0 2 * * *","handler_name":"noop","on_lost":"rety"}`, `on_lost: "rety" is not one of retry, fail; did you mean "retry"?`},
	}
	for _, tt := range tests {
		got := read[map[string]any](b.do("POST", base+"/jobs/cron", tt.body).want(400))
		if got["error"] != tt.want || got["code"] != "invalid" {
			t.Errorf("%s:\n got %q\nwant %q", tt.body, got["error"], tt.want)
		}
	}
}

// TestHeadersRefused holds rows B10, B11, B15 and B16.
func TestHeadersRefused(t *testing.T) {
	b := newBench(t)
	body := `{"name":"a","schedule":"0 2 * * *","handler_name":"noop"}`
	tests := []struct {
		name, header string
		want         int
	}{
		{"B10 text", "Content-Type: text/plain", 415},
		{"B10 form", "Content-Type: application/x-www-form-urlencoded", 415},
		{"B10 none", "Content-Type:", 415},
		{"B10 latin1", "Content-Type: application/json; charset=latin1", 415},
		{"B11 gzip", "Content-Encoding: gzip", 415},
		{"B15 xml", "Accept: text/xml", 406},
		{"B15 not JSON", "Accept: application/json;q=0, text/html", 406},
		{"B16 long", "Idempotency-Key: " + strings.Repeat("k", 129), 400},
		{"B16 control", "Idempotency-Key: a\tb", 400},
		{"origin", "Origin: https://evil.example", 403},
		{"cross-site", "Sec-Fetch-Site: cross-site", 403},
		{"reason", "X-Schedd-Reason: " + strings.Repeat("r", 2000), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, r := b.in(t), tt.header
			if strings.HasPrefix(r, "Content-Type: ") { // replace the usual one
				c.do("POST", base+"/jobs/cron", body, "Content-Type:", r).want(tt.want)
				return
			}
			c.do("POST", base+"/jobs/cron", body, r).want(tt.want)
		})
	}
	b.do("POST", base+"/jobs/cron", body, "Accept: text/html, application/*;q=0.5", "Content-Type:", "Content-Type: application/json; charset=UTF-8").want(http.StatusCreated)
}

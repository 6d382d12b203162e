package main

import (
	"encoding/json"
	"strings"
)

// cron is a body that makes a cron job, with more fields.
func cron(fields string) string {
	return `{"name":"bad","schedule":"0 0 1 1 *","handler_name":"noop"` + fields + `}`
}

// once is a body that lacks only when the job runs.
func once(fields string) string { return `{"name":"bad","handler_name":"noop"` + fields + `}` }

// post makes a cron job; fields are those that the answer must name.
func post(body string, status int, fields, says string) try {
	return call(status, fields, says, "POST", "/jobs/cron", body)
}

// quoted is text in JSON.
func quoted(text string) string {
	raw, _ := json.Marshal(text) //nolint:errchkjson // a string
	return string(raw)
}

// badBodies are rows B1 to B17: bodies and headers.
func badBodies() []badRow {
	deep := strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33)
	head := "POST /api/v1/scheduler/jobs/cron HTTP/1.1\r\nHost: schedd\r\nContent-Type: application/json\r\n"
	jobs := "GET /api/v1/scheduler/jobs HTTP/1.1\r\nHost: schedd\r\n"
	return []badRow{
		{1, "an empty body", "", []try{post("", 400, "body", "is empty; expected a JSON object")}},
		{2, "a body that is no object", "", []try{
			post("null", 400, "body", "expected a JSON object, got null"),
			post("[]", 400, "body", "expected a JSON object, got array"),
			post(`"x"`, 400, "body", "expected a JSON object, got string"),
			post("5", 400, "body", "expected a JSON object, got number"),
		}},
		{3, "almost JSON", "", []try{
			post(`{"name":"a",}`, 400, "body", "line 1, column 13"),
			post("{\n'name':'a'}", 400, "body", "line 2, column 1"),
			post("\xef\xbb\xbf{}", 400, "body", "line 1, column 1"),
			post(`{/* x */"name":"a"}`, 400, "body", "line 1, column 2"),
			post(`{"name":"a"`, 400, "body", "line 1, column 12"),
		}},
		{4, "more than one object", "", []try{
			post(cron("")+cron(""), 400, "body", "has extra data after the JSON object"),
			post(cron("")+"x", 400, "body", "has extra data after the JSON object"),
		}},
		{5, "a key twice", "", []try{
			post(cron(`,"name":"b"`), 400, "name", "appears twice"),
			post(cron(`,"n\u0061me":"b"`), 400, "name", "appears twice"),
			post(cron(`,"payload":{"a":{"c":1,"c":2}}`), 400, "payload.a.c", "appears twice"),
		}},
		{6, "a field in the wrong case", "", []try{
			post(`{"NAME":"a"}`, 400, "NAME", `unknown field; did you mean "name"?`),
			post(cron(`,"Max_Retries":1`), 400, "Max_Retries", `did you mean "max_retries"?`),
		}},
		{7, "an unknown field", "", []try{
			post(once(`,"shedule":"@hourly"`), 400, "shedule", `did you mean "schedule"?`),
			call(400, "max_retires", `did you mean "max_retries"?`, "PATCH", "/jobs/target", `{"max_retires":1}`),
			call(400, "resaon", `did you mean "reason"?`, "POST", "/jobs/target/pause", `{"resaon":"x"}`),
		}},
		{8, "text that is not Unicode, NUL", "", []try{
			post(cron(",\"description\":\"\xff\""), 400, "description", "Unicode"),
			post(cron(`,"payload":{"a":["x","\ud800"]}`), 400, "payload.a[1]", "Unicode"),
			post(cron(`,"tags":["\u0000"]`), 400, "tags[0]", "NUL"),
			typed(2, "NUL", "job", "create", "cron", "bad", "-s", "@yearly", "--handler", "noop", "--payload", `{"a":"\u0000"}`),
		}},
		{9, "too deep, too many, too large", "", []try{
			post(cron(`,"payload":`+deep), 400, "payload"+strings.Repeat(".a", 31), "32"),
			post(cron(`,"payload":{"a":[`+strings.Repeat("1,", 10_000)+`1]}`), 400, "payload.a[9995]", "10000"),
			post(cron(`,"payload":{"a":"`+strings.Repeat("x", 1<<20)+`"}`), 413, "", "the body is larger than 1048576 bytes"),
		}},
		{10, "another content type", "", []try{
			call(415, "", "application/json", "POST", "/jobs/cron", cron(""), "Content-Type: text/plain"),
			call(415, "", "application/json", "POST", "/jobs/cron", cron(""), "Content-Type: application/x-www-form-urlencoded"),
			call(415, "", "application/json", "POST", "/jobs/cron", cron(""), "Content-Type:"),
			call(415, "", "UTF-8", "POST", "/jobs/cron", cron(""), "Content-Type: application/json; charset=latin1"),
		}},
		{11, "a compressed body", "", []try{
			call(415, "", "compressed bodies are not accepted", "POST", "/jobs/cron", cron(""), "Content-Encoding: gzip"),
		}},
		{12, "lengths that contradict", "", []try{
			raw(400, "", head+"Content-Length: x\r\n\r\n{}"),
			raw(400, "", head+"Content-Length: -1\r\n\r\n{}"),
			raw(400, "", head+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
			raw(400, "chunks", head+"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
			raw(400, "chunks", head+"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
			raw(400, "chunks", head+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
			raw(501, "", head+"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
		}},
		{13, "a huge header, line or query", "", []try{
			raw(431, "", jobs+"X: "+strings.Repeat("x", 64<<10)+"\r\n\r\n"),
			call(400, "", "more than 64 parameters", "GET", "/jobs?"+strings.Repeat("a&", 2000), ""),
			call(414, "", "8192", "GET", "/jobs?name="+strings.Repeat("x", 8<<10), ""),
		}},
		{14, "a method that the path has not", "", []try{
			call(405, "", "use GET, HEAD, PATCH, DELETE", "PUT", "/jobs/target", "{}"),
			call(405, "", "use POST", "GET", "/jobs/target/pause", ""),
			call(405, "", "use POST", "DELETE", "/jobs/target/run", ""),
		}},
		{15, "an answer in another form", "", []try{
			call(406, "", "application/json", "GET", "/jobs", "", "Accept: text/xml"),
			call(406, "", "application/json", "POST", "/jobs/cron", cron(""), "Accept: application/json;q=0"),
		}},
		{16, "odd idempotency keys", "", []try{
			call(400, "", "1 to 128 printable ASCII characters", "POST", "/jobs/target/run", "{}", "Idempotency-Key: "+strings.Repeat("k", 129)),
			call(400, "", "1 to 128 printable ASCII characters", "POST", "/jobs/target/run", "{}", "Idempotency-Key: a b"),
			call(400, "", "1 to 128 printable ASCII characters", "POST", "/jobs/target/run", "{}", "Idempotency-Key: ключ"),
			call(201, "", "", "POST", "/jobs/target/run", `{}`, "Idempotency-Key: once").written(),
			call(409, "", "already", "POST", "/jobs/target/run", `{"force":true}`, "Idempotency-Key: once"),
			typed(2, "1 to 128", "run", "target", "--idempotency-key", "a b"),
		}},
		{17, "a revision that moved on", "", []try{
			call(412, "", "revision", "PATCH", "/jobs/target", `{"description":"x"}`, "If-Match: 99"),
			call(400, "", "If-Match must be one revision", "PATCH", "/jobs/target", `{"description":"x"}`, "If-Match: x"),
			typed(5, "revision", "job", "set", "target", "--description", "x", "--if-version", "99"),
		}},
	}
}

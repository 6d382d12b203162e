package main

import (
	"fmt"
	"strconv"
	"strings"
)

// field makes a job with one field that has each of the values; all are refused.
func field(name, says string, values ...string) []try {
	var tries []try
	for _, v := range values {
		tries = append(tries, post(cron(`,"`+name+`":`+v), 400, name, says))
	}
	return tries
}

// lists asks for lists with each of the queries.
func lists(field, says string, queries ...string) []try {
	var tries []try
	for _, q := range queries {
		tries = append(tries, call(400, field, says, "GET", q, ""))
	}
	return tries
}

// urls makes jobs that call addresses that nobody may call.
func urls(addresses ...string) []try {
	var tries []try
	for _, u := range addresses {
		tries = append(tries, post(`{"name":"bad","schedule":"@yearly","handler_name":"http","payload":{"url":`+quoted(u)+`}}`, 400, "payload.url", ""))
	}
	return tries
}

// badFields are rows B34 to B54: the fields of jobs, lists and events.
func badFields() []badRow {
	var names []try
	for _, name := range []string{"", "   ", strings.Repeat("n", 129), "a\x1b]0;x", "a\u202eb", "../x", "a/b", "a b", "-rf", "1234", "last", "last-failed"} {
		names = append(names, post(`{"name":`+quoted(name)+`,"schedule":"@yearly","handler_name":"noop"}`, 400, "name", ""))
	}
	var tags strings.Builder
	for i := range 33 {
		fmt.Fprintf(&tags, `"t%d",`, i)
	}
	parameter := func(value string) try {
		return post(`{"name":"bad","schedule":"@yearly","handler_name":"dump","payload":{"db":`+quoted(value)+`}}`, 400, "payload.db", "does not match")
	}
	return []badRow{
		{34, "odd names", "a name has at most 128 bytes", append(names, typed(2, "name", "job", "create", "cron", "a/b", "-s", "@yearly", "--handler", "noop"))},
		{35, "odd numbers of retries", "", append(
			field("max_retries", "", "-1", "101", "1.5", `"3"`, "1e2", "9e99", "null"),
			typed(2, "max_retries", "job", "create", "cron", "bad", "-s", "@yearly", "--max-retries", "101", "--handler", "noop"),
			typed(2, "--max-retries", "job", "create", "cron", "bad", "-s", "@yearly", "--max-retries", "1.5", "--handler", "noop"),
		)},
		{36, "odd timeouts", "0 means no limit, and a year is the longest: jobs that run for days exist", field("timeout_ms", "", "-1", "99", "31622400001", "9223372036854775808")},
		{37, "odd concurrency", "at most 1000 at once: many nodes have many slots", append(
			field("concurrency", "", "0", "-1", "1001"),
			post(cron(`,"concurrency":5,"allow_overlap":false`), 400, "concurrency", "allow_overlap"))},
		{38, "odd limits of lists", "", append(
			lists("limit", "1 to 100", "/jobs?limit=0", "/jobs?limit=-1", "/jobs?limit=101", "/jobs?limit=1000000000", "/jobs?limit=abc", "/jobs?limit=1.5"),
			append(lists("limit", "", "/jobs?limit=", "/jobs?limit=1&limit=2"), typed(2, "limit", "ls", "--limit", "0"))...)},
		{39, "odd places in lists", "", append(
			lists("offset", "", "/jobs?offset=-1", "/jobs?offset=1000000000000"),
			lists("cursor", "cursor", "/jobs?cursor=garbage", "/executions?cursor=eyJhIjoxfQ.0000")...)},
		{40, "odd spans", "", append(
			lists("window", "", "/next?window=-1h", "/next?window=99999d", "/next?window=1y", "/next?window=5"),
			typed(2, "--window", "next", "--window", "-1h"),
			typed(2, "--since", "execution", "list", "--since", "99999x"))},
		{41, "odd filters", "", []try{
			call(400, "since", "until", "GET", "/executions?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", ""),
			call(400, "status", "active", "GET", "/jobs?status=actve", ""),
			call(400, "sort_by", "next_run", "GET", "/jobs?sort_by=password", ""),
			call(400, "sort_order", "asc", "GET", "/jobs?sort_order=x%3Bdrop", ""),
			call(400, "sort_odrer", `did you mean "sort_order"?`, "GET", "/jobs?sort_odrer=asc", ""),
			typed(2, `did you mean "active"?`, "ls", "--status", "actve"),
		}},
		{42, "values that are not on the list", "", append(append(append(append(append(
			field("priority", "", `"urgent"`, `5`),
			field("handler_type", "function", `"functoin"`)...),
			field("misfire", "fire_once", `"fire_twice"`)...),
			field("on_lost", "retry", `"rety"`)...),
			field("overlap", "skip", `"never"`)...),
			typed(2, "critical", "job", "create", "cron", "bad", "-s", "@yearly", "--priority", "urgent", "--handler", "noop"))},
		{43, "handlers that are not yours", "", []try{
			post(`{"name":"bad","schedule":"@yearly","handler_name":"nop"}`, 400, "handler_name", `did you mean "noop"?`),
			post(`{"name":"bad","schedule":"@yearly","handler_name":"wait","payload":{"for":"1"}}`, 400, "handler_name", "is not registered"),
			remotely(403, "", "free commands", "POST", "/jobs/cron", `{"name":"bad","schedule":"@yearly","handler_name":"exec","payload":{"command":["true"]}}`),
			typed(2, "is not registered", "job", "create", "cron", "bad", "-s", "@yearly", "--handler", "nop"),
		}},
		{44, "payloads that the handler refuses", "", []try{
			parameter("a b"), parameter("$(id)"), parameter("a;b"), parameter("../../x"), parameter("a\n"), parameter(""),
			post(`{"name":"bad","schedule":"@yearly","handler_name":"dump","payload":{}}`, 400, "payload.db", "required"),
			post(`{"name":"bad","schedule":"@yearly","handler_name":"dump","payload":{"db":"a","bd":"b"}}`, 400, "payload.bd", ""),
			typed(2, "payload.db", "run", "target", "--payload", `{"db":"a;b"}`),
		}},
		{45, "payloads that are too large, or no numbers", "a payload has at most 256 KiB", []try{
			post(cron(`,"payload":{"a":"`+strings.Repeat("x", 256<<10)+`"}`), 400, "payload", "at most 262144 are allowed"),
			post(cron(`,"payload":{"a":1e400000}`), 400, "payload.a", "range"),
			post(cron(`,"payload":{"a":NaN}`), 400, "payload.a", ""),
			post(cron(`,"payload":[1]`), 400, "payload", "object"),
		}},
		{46, "odd tags", "", append(
			field("tags", "", `"a"`, `[`+strings.TrimSuffix(tags.String(), ",")+`]`),
			post(cron(`,"tags":["a","a"]`), 400, "tags[1]", ""),
			post(cron(`,"tags":["`+strings.Repeat("t", 65)+`"]`), 400, "tags[0]", ""),
			post(cron(`,"tags":["a,b"]`), 400, "tags[0]", ""),
			post(cron(`,"tags":[""]`), 400, "tags[0]", ""),
		)},
		{47, "platforms that are not yours", "", append(
			field("platform_id", "", `"A b"`, `"*"`, `""`, `"../x"`),
			remotely(403, "", "platform", "POST", "/jobs/cron", cron(`,"platform_id":"other"`)),
			remotely(403, "", "platform", "GET", "/jobs?platform_id=other", ""),
		)},
		{48, "fields that the server writes", "", []try{
			post(cron(`,"created_by":"me","status":"completed","executions_count":3`), 400, "created_by status executions_count", "is set by the server"),
			post(cron(`,"id":"x"`), 400, "id", "UUID"),
			post(cron(`,"id":"00000000-0000-0000-0000-000000000000"`), 400, "id", ""),
			call(400, "id", "", "PATCH", "/jobs/target", `{"id":"01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1"}`),
		}},
		{49, "addresses that nobody may call", "", append(
			urls("file:///etc/passwd", "gopher://x/", "javascript:alert(1)", "//evil.example/", "http://", "http://u:p@example.org/", "http://example.org:99999/", "http://example.org:22/",
				"http://a b/", "http://a\u0000b/", "http:///x", "ftp://example.org/", ""),
			// Whether an address is private is known when it is dialled: handler/httpcall tests those.
			typed(2, "payload.url", "job", "create", "cron", "bad", "-s", "@yearly", "--url", "file:///etc/passwd"))},
		{50, "header injection", "", []try{
			header("X: y\r\nZ", "v", "is not the name of a header"), header("Host", "v", "must not be set"), header("Content-Length", "3", "must not be set"),
			header("X", "a\nb", "must not hold control characters"), header("", "a", "is not the name of a header"),
		}},
		{51, "unknown methods", "", []try{verb("BREW"), verb("get"), verb(strings.Repeat("M", 1<<10))}},
		{52, "odd event names", "", []try{
			emitted("", "event"), emitted(strings.Repeat("e", 300), "event"), emitted("ticket created", "event"), emitted("*", "event"), emitted("scheduler:job.dispatch", "event"),
			typed(2, "argument NAME is empty", "event", "emit", ""),
			typed(2, "scheduler:", "event", "emit", "scheduler:job.dispatch"),
		}},
		{53, "odd conditions", "", []try{
			condition("data.x ==", "column"), condition("nobody == 1", "column"), condition(strings.Repeat("(", 1000), "column"), condition("data.x == '"+strings.Repeat("x", 3000)+"'", "when"),
		}},
		{54, "rules that feed themselves", "a rule may be fed by what it leads to: it is cut at depth 8 when it happens, as not every loop shows in its text", []try{
			call(400, "name event_name action_type action_config", "is required", "POST", "/event-handlers", `{}`),
		}},
	}
}

// emitted sends an event of a name that cannot be.
func emitted(name, field string) try {
	return call(400, field, "", "POST", "/events", `{"event":`+strconv.Quote(name)+`}`)
}

// condition makes a job with a condition that cannot be.
func condition(when, says string) try {
	return call(400, "when", says, "POST", "/jobs/event", `{"name":"bad","event_name":"ticket:created","handler_name":"health-check","when":`+strconv.Quote(when)+`}`)
}

// header makes a job that sends a header.
func header(name, value, says string) try {
	return post(`{"name":"bad","schedule":"@yearly","handler_name":"http","payload":{"url":"http://example.org/","headers":{`+quoted(name)+`:`+quoted(value)+`}}}`, 400, "payload.headers."+name, says)
}

// verb makes a job that calls with a method.
func verb(method string) try {
	return post(`{"name":"bad","schedule":"@yearly","handler_name":"http","payload":{"url":"http://example.org/","method":"`+method+`"}}`, 400, "payload.method", "")
}

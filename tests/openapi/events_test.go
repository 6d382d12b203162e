package openapi

// events drives the routes by which events come in, and those about what they cause.
func events(s *schedd) {
	all := base + "/event-handlers"
	one := all + "/{id}"
	s.do(201, "POST", all, all, `{"name":"alarm","event_name":"ticket:*","action_type":"run_job","action_config":{"job":"nightly"},"when":"data.level > 2","priority":7,"dedupe_key":"data.id"}`)
	s.do(409, "POST", all, all, `{"name":"alarm","event_name":"ticket:*","action_type":"run_job","action_config":{"job":"nightly"}}`)
	s.do(400, "POST", all, all, `{"name":"bad","event_name":"ticket:*","action_type":"shout"}`)
	s.do(200, "GET", all, all, "")
	s.do(200, "PATCH", one, all+"/alarm", `{"priority":3}`)
	s.do(200, "POST", one+"/test", all+"/alarm/test", `{"event":"ticket:created","data":{"id":"t1","level":3}}`)
	emit := base + "/events"
	s.do(202, "POST", emit, emit, `{"event":"ticket:created","data":{"id":"t1","level":3},"id":"one"}`)
	s.do(202, "POST", emit, emit, `{"event":"ticket:created","data":{"id":"t1","level":3},"id":"one"}`)
	s.do(400, "POST", emit, emit, `{"event":"no name","data":[]}`)
	s.do(200, "GET", emit, emit+"?event=ticket:created&limit=1", "")
	s.do(400, "GET", emit, emit+"?since=yesterday", "")
	s.until("the event ran the job", func() bool { return s.do(200, "GET", one, all+"/alarm", "").text("success_count") == "1" })
	s.do(404, "GET", one, all+"/absent", "")
	s.do(s.success("DELETE "+one), "DELETE", one, all+"/alarm", "")
	event := base + "/jobs/event"
	s.do(201, "POST", event, event, `{"name":"greeter","event_name":"user:created","handler_name":"exec","payload":{"command":["true"]}}`)
}

package openapi

// workflows drives the routes about workflows and their runs.
func workflows(s *schedd) {
	all := base + "/workflows"
	one := all + "/{id}"
	s.do(201, "POST", all, all, `{"name":"etl","steps":[{"name":"extract","handler_name":"exec","payload":{"command":["echo","1"]}},{"name":"load","handler_name":"exec","payload":{"command":["true"]},"needs":["extract"]}]}`)
	s.do(409, "POST", all, all, `{"name":"etl","steps":[{"name":"extract","handler_name":"exec","payload":{"command":["true"]}}]}`)
	s.do(400, "POST", all, all, `{"name":"round","steps":[{"name":"a","handler_name":"exec","needs":["a"]}]}`)
	s.do(200, "GET", all, all, "")
	s.do(200, "PUT", one, all+"/etl", `{"name":"etl","description":"one step","steps":[{"name":"extract","handler_name":"exec","payload":{"command":["echo","1"]}}]}`)
	s.do(200, "GET", one, all+"/etl?revision=1", "")
	s.do(404, "GET", one, all+"/absent", "")
	s.do(200, "GET", one+"/revisions", all+"/etl/revisions", "")
	run := s.do(201, "POST", one+"/run", all+"/etl/run", `{"payload":{"day":"2026-11-22"}}`, "Idempotency-Key: three").text("id")
	execution := base + "/executions/{id}"
	s.until("the workflow ended", func() bool {
		return s.do(200, "GET", execution, base+"/executions/"+run, "").text("status") == "success"
	})
	s.do(200, "GET", one+"/executions", all+"/etl/executions?limit=1&total=true", "")
	s.do(200, "GET", execution+"/steps", base+"/executions/"+run+"/steps", "")
	replies(s)
	s.do(204, "DELETE", one, all+"/etl", "")
}

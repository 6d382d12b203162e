package openapi

// alerts drives the routes about what people must be told.
func alerts(s *schedd) {
	all := base + "/alert-rules"
	one := all + "/{id}"
	s.do(201, "POST", all, all, `{"name":"any","condition":{"metric":"scheduler.jobs.total","operator":"gte","value":0},"severity":"info","channels":["dashboard"]}`)
	s.do(409, "POST", all, all, `{"name":"any","condition":{"metric":"scheduler.jobs.total"}}`)
	s.do(400, "POST", all, all, `{"name":"bad","condition":{"metric":"scheduler.moon"}}`)
	s.do(200, "GET", all, all, "")
	s.do(200, "GET", one, all+"/any", "")
	s.do(200, "POST", one+"/test", all+"/any/test", "")
	fired := base + "/alerts"
	id := ""
	s.until("the rule fired", func() bool {
		id = s.do(200, "GET", fired, fired+"?state=firing&severity=info&limit=1", "").text("id")
		return id != ""
	})
	alert := fired + "/{id}"
	s.do(200, "GET", alert, fired+"/"+id, "")
	s.do(404, "GET", alert, fired+"/a999999", "")
	s.do(200, "POST", alert+"/acknowledge", fired+"/"+id+"/acknowledge", `{"for":"1h","reason":"a test"}`)
	s.do(200, "POST", alert+"/silence", fired+"/"+id+"/silence", `{}`)
	s.do(200, "POST", alert+"/unsilence", fired+"/"+id+"/unsilence", `{}`)
	s.do(200, "PATCH", one, all+"/any", `{"severity":"critical"}`)
	s.do(200, "POST", alert+"/resolve", fired+"/"+id+"/resolve", `{"reason":"a test"}`)
	s.do(409, "POST", alert+"/resolve", fired+"/"+id+"/resolve", `{}`)
	s.do(200, "DELETE", one, all+"/any", "")
	channels := base + "/alert-channels"
	s.do(200, "GET", channels, channels, "")
	s.do(200, "POST", channels+"/{id}/test", channels+"/dashboard/test", "")
	s.do(404, "POST", channels+"/{id}/test", channels+"/absent/test", "")
}

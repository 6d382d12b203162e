package canary

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// ids are what a walk puts in place of {id}, by the path of the list that names them.
func (s *site) ids(list string) (ids []string) {
	status, body := s.get(list + "?limit=100")
	if status != http.StatusOK { // it has no pages
		_, body = s.get(list)
	}
	var items []map[string]any
	if json.Unmarshal(body, &items) != nil {
		var page map[string]json.RawMessage
		_ = json.Unmarshal(body, &page)
		for _, raw := range page {
			if json.Unmarshal(raw, &items) == nil {
				break
			}
		}
	}
	for _, item := range items {
		for _, name := range []string{"id", "number", "node", "name", "slug"} {
			if id, ok := item[name]; ok {
				ids = append(ids, fmt.Sprint(id))
				break
			}
		}
	}
	return ids
}

// walk asks every route that only reads, of everything that there is.
func (s *site) walk() {
	s.Helper()
	_, body := s.get("/openapi.json")
	var described struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &described); err != nil {
		s.Fatal(err)
	}
	asked := 0
	for pattern, methods := range described.Paths {
		if methods["get"] == nil || strings.HasSuffix(pattern, "/stream") {
			continue
		}
		paths := []string{pattern}
		if list, rest, found := strings.Cut(pattern, "/{id}"); found {
			paths = nil
			for _, id := range s.ids(list) {
				paths = append(paths, list+"/"+id+strings.ReplaceAll(rest, "{n}", "1"))
			}
			if len(paths) == 0 {
				s.Errorf("there is nothing to ask %s about", pattern)
			}
		}
		for _, path := range paths {
			status, body := s.get(path)
			if status != http.StatusOK && !strings.HasSuffix(pattern, "/steps") && !strings.HasSuffix(pattern, "/{n}") && pattern != "/healthz" && pattern != "/readyz" {
				s.Errorf("GET %s: %d %.200s", path, status, body)
			}
			s.search("api: "+strings.TrimPrefix(path, prefix), unpacked(body))
			asked++
		}
	}
	if asked < 100 {
		s.Errorf("only %d answers were searched", asked)
	}
}

// unpacked is what is in a file that may be compressed.
func unpacked(text []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return text
	}
	plain, _ := io.ReadAll(z)
	return append(plain, text...)
}

// shown are the calls of schedctl that show something.
var shown = []string{
	"agent list", "agent show bob", "alert list", "alert channel list", "alert rule list", "alert rule show any", "audit list", "audit show 1", "audit slots", "config view", "crontab export",
	"dlq list", "doctor", "event list", "execution list", "execution show tell/1", "execution diff call-ok/1 call-ok/2", "handler list", "handler show exec", "handler schema echo", "health",
	"job list", "job show call-ok", "job history call-fails", "job stats tell", "job export", "job revisions call-nobody", "job diff call-nobody 1 2", "logs tell/1", "logs prints/1", "why prints/1", "execution show quotes/1", "execution show tries/1", "logs echo/1", "logs call-fails/1", "ls", "metrics", "next", "platform list", "ps",
	"queue status", "queue peek", "status", "token list", "trigger list", "trigger show on-login", "version", "whoami", "why tell/1", "why call-fails/1", "worker list", "workflow list", "workflow show flow", "workflow history flow",
}

// formats are those that are tried; SCHEDD_CANARY_FORMATS names others, with commas.
func formats() []string {
	if named := os.Getenv("SCHEDD_CANARY_FORMATS"); named != "" {
		return strings.Split(named, ",")
	}
	return []string{"table", "json"}
}

// show has schedctl show all that it can, in every format.
func (s *site) show() {
	s.Helper()
	calls := make(chan []string)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for args := range calls {
				s.run("schedctl "+strings.Join(args, " "), []string{"SCHEDCTL_SERVER=unix://" + s.path("s")}, "schedctl", args...)
			}
		})
	}
	for _, call := range shown {
		for _, format := range formats() {
			calls <- append(strings.Fields(call), "-o", format)
		}
		calls <- append(strings.Fields(call), "-vv")
	}
	close(calls)
	workers.Wait()
	for _, env := range [][]string{
		{"SCHEDCTL_SERVER=http://" + s.address, "SCHEDCTL_TOKEN=" + s.token},
		{"SCHEDCTL_SERVER=http://" + s.address, "SCHEDCTL_TOKEN=" + s.mint("token of schedctl that is none").value},
		{"SCHEDCTL_SERVER=http://127.0.0.1:9", "SCHEDCTL_TOKEN=" + s.token},
		{"SCHEDCTL_SERVER=http://user:" + s.mint("password in the server of schedctl").value + "@127.0.0.1:9"},
		{"SCHEDCTL_SERVER=http://127.0.0.1:9/?token=" + s.mint("query of the server of schedctl").value},
	} {
		for _, call := range []string{"job list", "doctor", "config view", "whoami"} {
			s.run("schedctl remote "+call, env, "schedctl", append(strings.Fields(call), "-vv")...)
		}
	}
}

// operate calls schedd as operators do, with what is good and what is not.
func (s *site) operate() {
	s.Helper()
	conf := []string{"--config", s.path("schedd.yaml")}
	for _, call := range []string{"config show", "config show --show-origin", "config check", "config env", "serve"} {
		s.run("schedd "+call, s.env, "schedd", append(strings.Fields(call), conf...)...)
	}
	var trials sync.WaitGroup // most wait for a server that does not answer
	defer trials.Wait()
	bad := func(name, text string, env ...string) {
		s.Helper()
		file := "bad " + name
		s.write(file, fmt.Sprintf("data_dir: %q\nlisten: {socket: %q}\n%s\n", s.path(file+" data"), s.path("b"), text))
		trials.Go(func() {
			for _, call := range []string{"config check", "config show", "serve", "migrate status", "store export -", "token bootstrap"} {
				out, status := s.run("schedd "+call+", "+name, env, "schedd", append(strings.Fields(call), "--config", s.path(file))...)
				if status == 0 && call == "serve" {
					s.Errorf("schedd serves with %s: %s", name, out)
				}
			}
		})
	}
	dsn := func(text string) string {
		return fmt.Sprintf("store: {driver: postgres, postgres: {dsn: %q}}", text)
	}
	bad("an unreachable database", dsn("postgres://schedd:"+s.mint("password of an unreachable database").value+"@127.0.0.1:9/x?connect_timeout=1"))
	bad("an unreachable database in words", dsn("host=127.0.0.1 port=9 user=u password="+s.mint("password in words").value))
	bad("a database address that is none", dsn("postgres://schedd:"+s.mint("password of a bad address").value+"@127.0.0.1:port/x"))
	bad("words that are none", dsn("host=127.0.0.1 password='"+s.mint("password in bad words").value+"\\"))
	bad("an unreachable Redis", dsn("postgres://u@127.0.0.1:9/x")+"\nqueue: {driver: redis, redis: {url: \"redis://:"+s.mint("password of an unreachable Redis").value+"@127.0.0.1:9/0\"}}")
	bad("a Redis address that is none", "queue: {driver: redis, redis: {url: \"redis://:"+s.mint("password of a bad Redis address").value+"@h:port\"}}")
	bad("a ping address that is none", "alerts: {ping: {url: \"ftp://"+s.mint("bad address of the ping").value+"/\"}}")
	bad("a ping address with a password", "alerts: {ping: {url: \"http://u:"+s.mint("password in the address of the ping").value+"@h/\"}}")
	bad("a knowledge base with a password", "handlers: {knowledge_base: {url: \"http://u:"+s.mint("password in the address of the knowledge base").value+"@h/\"}}")
	bad("a key for a value", "handlers: {knowledge_base: {token: {"+s.mint("token that is a key").value+": 1}}}")
	bad("a secret in a list", "handlers: {knowledge_base: {token: ["+s.mint("token in a list").value+"]}}")
	bad("a secret that is no YAML", "handlers: {knowledge_base: {token: \""+s.mint("token without an end").value)
	bad("a channel with a bad URL", "handlers: {channels: [{name: a, type: slack, url: \"http://h:port/"+s.mint("path of a bad URL of Slack").value+"\"}]}")
	bad("a webhook with a bad secret", "handlers: {channels: [{name: a, type: webhook, url: \"https://example.org/\", secret: \"whsec_"+s.mint("bad secret of a webhook").value+"!\"}]}")
	bad("a declared call with a bad header", "handlers: {urls: [{name: a, url: \"https://example.org/\", headers: [{name: Authorization, value: \"a\\u0001"+s.mint("bad header").value+"\"}]}]}")
	bad("a declared call with a password", "handlers: {urls: [{name: a, url: \"https://u:"+s.mint("password in a declared call").value+"@example.org/\"}]}")
	bad("a variable for a secret", "queue: {driver: redis}\nstore: {driver: postgres}", "SCHEDD_QUEUE_REDIS_URL=http://:"+s.mint("variable with a bad address").value+"@h", "SCHEDD_STORE_POSTGRES_DSN=postgres://u:"+s.mint("variable with a bad DSN").value+"@h:x/y")
}

// copies are made by the daemon, and by a program of its own when nobody serves.
func (s *site) copies() {
	s.Helper()
	local := []string{"SCHEDCTL_SERVER=unix://" + s.path("s")}
	if out, status := s.run("schedctl backup create", local, "schedctl", "backup", "create", s.path("copy.gz")); status != 0 {
		s.Errorf("schedctl backup create: %s", out)
	}
	text, _ := os.ReadFile(s.path("copy.gz"))
	s.search("copy of the daemon", unpacked(text))
}

// remains searches what is left when schedd has ended.
func (s *site) remains() {
	s.Helper()
	text, err := os.ReadFile(s.path("log"))
	if err != nil || !bytes.Contains(text, []byte("goroutine ")) {
		s.Errorf("the log: %v; it has no dump of goroutines", err)
	}
	s.search("log", text)
	if out, status := s.run("copy by schedd", s.env, "schedd", "store", "export", "-", "--config", s.path("schedd.yaml")); status != 0 {
		s.Errorf("schedd store export: %.300s", out)
	}
	s.tree("store: ", s.path("data"))
	for _, letter := range s.world.mail.Took() {
		s.search("letter", []byte(letter.Text))
	}
	if s.postgres == nil {
		return
	}
	if err := s.postgres.Exec("CHECKPOINT"); err != nil {
		s.Error(err)
	}
	s.tree("store: ", s.postgres.Dir())
	if err := s.redis.Stop(); err != nil {
		s.Error(err)
	}
	s.tree("redis: ", s.redis.Dir())
}

// tree searches every file below a folder.
func (s *site) tree(place, root string) {
	s.Helper()
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // gone meanwhile
		}
		if filepath.Base(path) == "admin.token" {
			return nil // which is what it is for
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		s.search(place+rel, text)
		files++
		return err
	})
	if err != nil || files == 0 {
		s.Errorf("%s: %d files, %v", root, files, err)
	}
}

// processes searches what everybody sees of the processes of schedd.
func (s *site) processes() {
	s.Helper()
	out, err := exec.Command("ps", "-eww", "-o", "args").Output()
	if err != nil {
		s.Error(err)
	}
	s.search("ps", out)
}

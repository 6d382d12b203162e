package migrations

import (
	"strings"
	"testing"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	for folder, list := range map[string][]Step{"sqlite": SQLiteSteps(), "postgres": PostgresSteps()} {
		if len(list) == 0 || Newest(list) != int64(len(list)) {
			t.Errorf("%s: %d steps, the newest is %d; want them numbered from 1", folder, len(list), Newest(list))
		}
		for i, s := range list {
			if s.Version != int64(i+1) || s.Name == "" || !strings.Contains(s.SQL, ";") || strings.Contains(s.SQL, "+goose") {
				t.Errorf("%s: step %d is %d %q with SQL of %d bytes", folder, i+1, s.Version, s.Name, len(s.SQL))
			}
		}
	}
}

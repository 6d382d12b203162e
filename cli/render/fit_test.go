package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// runs is a table with a column of each kind, whose texts are as long as they get.
func runs() *Table {
	t := NewTable("RUN", "STATUS", "?TRIGGER", "?SCHEDULED", "STARTED", ">DURATION", "?>ATTEMPT", "?WORKER", "~ERROR", "+ADVICE")
	t.Add(Text("warehouse-reconciliation-of-the-night-eu-central-1/1204817"), Cell{"✗ failed", Red}, Text("schedule"), Text("10h30m ago"),
		Text("10h29m ago"), Text("11m58s"), Text("3/3"), Text("worker-eu-central-1a.example.org"), Text("exit status 2: disk full on /var/lib/warehouse"),
		Text("look at the disk of the node and at 日本語のジョブ, then retry"))
	t.AddText("日本語のジョブ名前がとても長い場合の表示/7", "✓ success", "manual", "now", "now", "0.2s", "1/3", "a", "", "-")
	t.AddText("e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301/1", "▶ running")
	return t
}

func draws(t *testing.T, table *Table, look Look) (string, []string) {
	t.Helper()
	var out bytes.Buffer
	leftOut, err := table.Write(&out, look)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), leftOut
}

// No line is wider than the terminal, whatever its width; what fits is left alone; and
// nothing that must be read to its end is cut.
func TestEveryWidth(t *testing.T) {
	t.Parallel()
	whole, _ := draws(t, runs(), Look{})
	widest := runs().Width()
	for _, ascii := range []bool{false, true} {
		for room := 1; room <= widest+2; room++ {
			got, leftOut := draws(t, runs(), Look{Width: room, ASCII: ascii})
			for line := range strings.Lines(got) {
				if line = strings.TrimSuffix(line, "\n"); Width(line) > room && room > 1 {
					t.Fatalf("%d columns of %d: %q", Width(line), room, line)
				}
			}
			if room >= widest && (got != whole || leftOut != nil) {
				t.Errorf("%d columns are enough, and the table is\n%s", room, got)
			}
			if room == 80 && !strings.Contains(got, "retry") {
				t.Errorf("the advice does not reach its end:\n%s", got)
			}
		}
	}
}

// The order in which a table gives way is documented in "schedctl help output".
func TestGivesWayInOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		room    int
		leftOut string
		line    string
	}{
		{228, "", "exit status 2: disk full on /var/…  look at"},
		{140, "WORKER", "warehouse-reconcilia…u-central-1/1204817  ✗ failed   schedule"},
		{100, "TRIGGER SCHEDULED ATTEMPT WORKER", "warehouse-recon…ntral-1/1204817  ✗ failed   10h29m ago"},
		{80, "TRIGGER SCHEDULED ATTEMPT WORKER", "warehou…204817  ✗ failed   10h29m ago    11m58s  exit status 2…"},
		{30, "TRIGGER SCHEDULED DURATION ATTEMPT WORKER ERROR ADVICE", "ware…817  ✗ failed"},
	}
	for _, tt := range tests {
		got, leftOut := draws(t, runs(), Look{Width: tt.room})
		if strings.Join(leftOut, " ") != tt.leftOut || !strings.Contains(got, tt.line) {
			t.Errorf("%d columns: left out %q, want %q, and a line with %q in\n%s", tt.room, strings.Join(leftOut, " "), tt.leftOut, tt.line, got)
		}
	}
}

// Colours take no room, and stay on their cells.
func TestColoursOfNarrowTables(t *testing.T) {
	t.Parallel()
	for _, room := range []int{40, 80, 120} {
		plain, _ := draws(t, runs(), Look{Width: room})
		coloured, _ := draws(t, runs(), Look{Width: room, Color: true})
		if !strings.Contains(coloured, Red.Paint("✗ failed")) {
			t.Errorf("%d columns: no red cell in\n%s", room, coloured)
		}
		if got := strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(coloured); got != plain {
			t.Errorf("%d columns: with colours\n%s\nwithout\n%s", room, got, plain)
		}
	}
}

func TestBreakText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		limit int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"a-long-word b", 4, []string{"a-lo", "ng-w", "ord", "b"}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日本", 1, []string{"日本"}},
	}
	for _, tt := range tests {
		if got := breakText(tt.text, tt.limit); !slices.Equal(got, tt.want) {
			t.Errorf("%q in %d columns: %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

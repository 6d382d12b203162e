package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestSchemaHasEveryKey: each key with its type, and a remark of the sample for those that
// it remarks upon.
func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := Schema(&text); err != nil {
		t.Fatal(err)
	}
	var root schemaNode
	if err := json.Unmarshal(text.Bytes(), &root); err != nil {
		t.Fatal(err)
	}
	remarked := 0
	for f, standard := range defaults() {
		n, found := root, true
		for part := range strings.SplitSeq(f.key, ".") {
			if n.Additional == nil || *n.Additional {
				t.Errorf("%s: beside it, unknown keys are allowed", f.key)
			}
			if n, found = n.Properties[part]; !found {
				t.Fatalf("the schema lacks %s", f.key)
			}
		}
		if n.Description != "" {
			remarked++
		}
		if words, ok := f.tag.Lookup("oneof"); ok && (strings.Join(n.Enum, "|") != words || !slices.Contains(n.Enum, standard.(string))) {
			t.Errorf("%s: %q, the default is %v", f.key, n.Enum, standard)
		}
	}
	if all := len(fields()); remarked < all*2/3 {
		t.Errorf("%d of %d keys have a remark", remarked, all)
	}
	slots := root.Properties["worker"].Properties["slots"]
	if slots.Type != "integer" || *slots.Minimum != 1 || *slots.Maximum != 4096 || slots.Default != float64(64) || !strings.HasPrefix(slots.Description, "executions at once") {
		t.Errorf("worker.slots = %+v", slots)
	}
	if lease := root.Properties["worker"].Properties["lease"]; lease.Type != "string" || lease.Default != "30s" || lease.Pattern == "" {
		t.Errorf("worker.lease = %+v", lease)
	}
	if name := root.Properties["handlers"].Properties["commands"].Items.Properties["name"]; name.Type != "string" {
		t.Errorf("the name of a command = %+v", name)
	}
}

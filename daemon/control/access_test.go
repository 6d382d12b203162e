package control

import (
	"testing"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestScope walks what callers reach by what they ask for. want is the platform of
// reads and of creations, or the code of the refusal.
func TestScope(t *testing.T) {
	const uuid = "01A2044E-C1C0-7D11-9C40-5BE0F3A2C7B1"
	tests := []struct{ reach, asked, scope, home string }{
		{"", "", "default", "default"},
		{"", "default", "default", "default"},
		{"", "web", "forbidden", "forbidden"},
		{"", "*", "forbidden", "forbidden"},
		{"web", "", "web", "web"},
		{"web", "web", "web", "web"},
		{"web", "default", "forbidden", "forbidden"},
		{"web", "shop", "forbidden", "forbidden"},
		{"web", "*", "forbidden", "forbidden"},
		{"*", "", "*", "default"},
		{"*", "*", "*", "invalid"},
		{"*", "web", "web", "web"},
		{"*", "default", "default", "default"},
		{"*", uuid, "01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1", "01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1"},
		{"*", "Web", "invalid", "invalid"},
		{"*", "a b", "invalid", "invalid"},
		{"*", "-web", "invalid", "invalid"},
		{"*", "../web", "invalid", "invalid"},
	}
	said := func(platform string, err error) string {
		if err != nil {
			return string(job.CodeOf(err))
		}
		return platform
	}
	for _, tt := range tests {
		c := Call{Principal: Principal{Platform: tt.reach}, Platform: tt.asked}
		if got := said(c.scope()); got != tt.scope {
			t.Errorf("a caller of %q that asks for %q reads %s, want %s", tt.reach, tt.asked, got, tt.scope)
		}
		if got := said(c.home()); got != tt.home {
			t.Errorf("a caller of %q that asks for %q creates in %s, want %s", tt.reach, tt.asked, got, tt.home)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, role := range []Role{"", "root", RoleOperator, RoleAdmin} {
		for want, allowed := range map[Role]bool{
			RoleAdmin: role == RoleAdmin, RoleOperator: role == RoleAdmin || role == RoleOperator, "": role == RoleAdmin, "root": role == RoleAdmin,
		} {
			if got := role.Allows(want); got != allowed {
				t.Errorf("%q allows %q: %t, want %t", role, want, got, allowed)
			}
		}
		err := Call{Principal: Principal{Role: role}}.mayUse(handler.Info{Name: "exec", Privileged: true})
		if (err == nil) != (role == RoleAdmin) {
			t.Errorf("%q may use free commands: %v", role, err)
		}
	}
}

func TestCursor(t *testing.T) {
	f := JobFilter{Platform: "web", Limit: 3, Statuses: []job.JobStatus{job.JobActive}}
	sealed := sealCursor("abc.def", listOf(f))
	if got, err := openCursor(sealed, listOf(JobFilter{Platform: "web", Limit: 7, Offset: 2, WithTotal: true, Statuses: f.Statuses})); err != nil || got != "abc.def" {
		t.Errorf("another page size: %q, %v", got, err)
	}
	for _, bad := range []string{"abc.def", "abc", sealed + "0", sealed[1:], "x" + sealed, "."} {
		if _, err := openCursor(bad, listOf(f)); job.CodeOf(err) != job.Invalid {
			t.Errorf("cursor %q: %v, want invalid", bad, err)
		}
	}
	if _, err := openCursor(sealed, listOf(JobFilter{Platform: "shop"})); job.CodeOf(err) != job.Invalid {
		t.Errorf("cursor of another list: %v, want invalid", err)
	}
	if got, err := openCursor(sealCursor("", nil), nil); got != "" || err != nil {
		t.Errorf("no cursor: %q, %v", got, err)
	}
}

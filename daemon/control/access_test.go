package control

import (
	"slices"
	"strings"
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
	allowed := map[Role]string{RoleViewer: "viewer", RoleOperator: "viewer operator", RoleAdmin: "viewer operator admin"}
	for _, role := range []Role{"", "root", "Admin", "admin ", RoleViewer, RoleOperator, RoleAdmin} {
		for _, want := range []Role{"", "root", RoleViewer, RoleOperator, RoleAdmin} {
			may := want != "" && slices.Contains(strings.Fields(allowed[role]), string(want))
			if got := role.Allows(want); got != may {
				t.Errorf("%q allows %q: %t, want %t", role, want, got, may)
			}
		}
	}
}

func TestMayUse(t *testing.T) {
	for _, tt := range []struct {
		who      Principal
		info     handler.Info
		platform string
		want     job.Code
	}{
		{Principal{Role: RoleOperator}, handler.Info{}, "web", ""},
		{Principal{Role: RoleAdmin}, handler.Info{Privileged: true}, "web", job.Forbidden},
		{Principal{Role: RoleAdmin, Commands: true}, handler.Info{Privileged: true}, "web", ""},
		{Principal{Role: RoleOperator}, handler.Info{Platforms: []string{"ops"}}, "ops", ""},
		{Principal{Role: RoleAdmin, Commands: true}, handler.Info{Platforms: []string{"ops"}}, "web", job.Invalid},
		{Principal{Role: RoleAdmin, Commands: true}, handler.Info{Platforms: []string{"ops", "web"}}, "web", ""},
	} {
		if got := job.CodeOf((Call{Principal: tt.who}).mayUse(tt.info, tt.platform)); got != tt.want {
			t.Errorf("%+v may use %+v on %s: %q, want %q", tt.who, tt.info, tt.platform, got, tt.want)
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

package build

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	recorded := func(version string, settings ...string) *debug.BuildInfo {
		b := &debug.BuildInfo{Main: debug.Module{Version: version}}
		for i := 0; i < len(settings); i += 2 {
			b.Settings = append(b.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
		}
		return b
	}
	tests := []struct {
		name     string
		stamped  Info
		recorded *debug.BuildInfo
		want     Info
	}{
		{"nothing known", Info{}, nil, Info{Version: "devel", Commit: Unknown, Date: Unknown}},
		{"plain go build", Info{}, recorded("(devel)"), Info{Version: "devel", Commit: Unknown, Date: Unknown}},
		{
			"go install of a release", Info{}, recorded("v0.2.0"),
			Info{Version: "v0.2.0", Commit: Unknown, Date: Unknown},
		},
		{
			"go build in a checkout",
			Info{}, recorded("(devel)", "vcs.revision", "0123456789abcdef0123", "vcs.time", "2026-11-22T10:00:00Z", "vcs.modified", "true"),
			Info{Version: "devel", Commit: "0123456789ab", Date: "2026-11-22T10:00:00Z", Modified: true},
		},
		{
			"the linker's stamp wins",
			Info{Version: "0.2.0", Commit: "3f9c2e1", Date: "2026-11-20"},
			recorded("v0.1.0", "vcs.revision", "0123456789abcdef0123", "vcs.modified", "true"),
			Info{Version: "0.2.0", Commit: "3f9c2e1", Date: "2026-11-20"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Go, tt.want.OS, tt.want.Arch = runtime.Version(), runtime.GOOS, runtime.GOARCH
			if diff := cmp.Diff(tt.want, describe(tt.stamped, tt.recorded)); diff != "" {
				t.Errorf("describe (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetIsComplete(t *testing.T) {
	t.Parallel()
	if got := Get().String(); strings.Contains(got, "( ") || strings.Contains(got, ", ,") {
		t.Errorf("Get().String() = %q has a hole", got)
	}
}

// Package build says which build of the program is running.
//
// The linker stamps Version, Commit and Date in release builds (see the
// Makefile). Where it did not, as with `go install`, what the Go tool recorded in
// the binary is used instead.
package build

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Stamped by -ldflags "-X …"; empty in unstamped builds. Read them through Get.
var (
	Version string // e.g. "0.1.0" or "0.1.0-12-g3f9c2e1"
	Commit  string // short or full revision
	Date    string // RFC 3339 or yyyy-mm-dd, of the commit
)

// Unknown stands for what nobody recorded.
const Unknown = "unknown"

// Info describes one build. No field is empty.
type Info struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"`
	Modified bool   `json:"modified"` // built from a tree with uncommitted changes
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Get returns the running build.
func Get() Info {
	recorded, _ := debug.ReadBuildInfo()
	return describe(Info{Version: Version, Commit: Commit, Date: Date}, recorded)
}

// String is the one line that `--version` prints after the program's name.
func (i Info) String() string {
	commit := i.Commit
	if i.Modified {
		commit += "+changes"
	}
	return fmt.Sprintf("%s (%s, %s, %s %s/%s)", i.Version, commit, i.Date, i.Go, i.OS, i.Arch)
}

// describe fills what the linker left empty from what the Go tool recorded;
// recorded may be nil.
func describe(stamped Info, recorded *debug.BuildInfo) Info {
	i := stamped
	i.Go, i.OS, i.Arch = runtime.Version(), runtime.GOOS, runtime.GOARCH
	if recorded != nil {
		if v := recorded.Main.Version; i.Version == "" && v != "(devel)" {
			i.Version = v
		}
		for _, s := range recorded.Settings {
			switch s.Key {
			case "vcs.revision":
				i.Commit = first(i.Commit, shorten(s.Value))
			case "vcs.time":
				i.Date = first(i.Date, s.Value)
			case "vcs.modified":
				// A stamped build says so in its version.
				i.Modified = stamped.Version == "" && s.Value == "true"
			}
		}
	}
	i.Version, i.Commit, i.Date = first(i.Version, "devel"), first(i.Commit, Unknown), first(i.Date, Unknown)
	return i
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func shorten(revision string) string {
	return revision[:min(len(revision), 12)]
}

package cli

import (
	"path/filepath"
	"strings"
)

// tokenOrigin says which file has the token, and who says so: a flag wins over the
// environment, that over the context. A token in the environment is in no file. The
// token of a context is shown to the context's server only.
func (a *app) tokenOrigin() (path, origin string) {
	switch token, file := a.env.Getenv("SCHEDCTL_TOKEN"), a.env.Getenv("SCHEDCTL_TOKEN_FILE"); {
	case a.g.tokenFile != "":
		return a.g.tokenFile, "flag --token-file"
	case token != "":
		return "", "SCHEDCTL_TOKEN"
	case file != "":
		return file, "SCHEDCTL_TOKEN_FILE"
	case a.context == nil || a.context.TokenFile == "":
		return "", ""
	case a.context.Server != "" && a.context.Server != a.g.server:
		return "", ""
	}
	return a.context.TokenFile, "context " + a.context.Name + ": token_file"
}

// tokenFile is the file that the client reads the token from; "" leaves that to the
// client, which knows the environment.
func (a *app) tokenFile() (string, error) {
	path, origin := a.tokenOrigin()
	if !strings.HasPrefix(origin, "context ") {
		return a.g.tokenFile, nil
	}
	return a.contextPath("token_file", path)
}

// caFile is the file of authorities to trust: what a flag says, else the environment, else
// the context when it is about this server; "" leaves that to the client.
func (a *app) caFile() (string, error) {
	switch {
	case a.g.caFile != "" || a.env.Getenv("SCHEDCTL_CA_FILE") != "" || a.context == nil || a.context.CAFile == "":
		return a.g.caFile, nil
	case a.context.Server != "" && a.context.Server != a.g.server:
		return "", nil
	}
	return a.contextPath("ca_file", a.context.CAFile)
}

// contextPath is where a file that a context names is, from whichever folder schedctl runs.
func (a *app) contextPath(field, path string) (string, error) {
	rest, inHome := strings.CutPrefix(path, "~/")
	if home := a.env.Getenv("HOME"); inHome && home != "" {
		path = filepath.Join(home, rest)
	}
	if !filepath.IsAbs(path) {
		return "", usagef("%s of a context: %q is not a path that is the same from every folder", field, path).WithHint("begin it with / or ~/")
	}
	return path, nil
}

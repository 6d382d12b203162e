package daemon

import (
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// debugPath is where the profiles of this process are, on the socket alone and for admins
// alone: what is in memory may be anybody's.
const debugPath = "/debug/pprof/"

// withProfiles answers for profiles beside what next answers for. To everybody but admins
// there are none.
func (n *node) withProfiles(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+debugPath, pprof.Index)
	mux.HandleFunc("GET "+debugPath+"profile", pprof.Profile)
	mux.HandleFunc("GET "+debugPath+"trace", pprof.Trace)
	mux.HandleFunc("GET "+debugPath+"symbol", pprof.Symbol)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, debugPath) {
			next.ServeHTTP(w, r)
			return
		}
		if p, err := n.principal(r); err != nil || p.Role != control.RoleAdmin {
			next.ServeHTTP(w, r) // which knows no such path
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

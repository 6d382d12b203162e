package httpcall

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 3

// errRedirect says that a redirect was not followed.
var errRedirect = errors.New("redirect not followed")

type redirectError struct{ why string }

func (e *redirectError) Error() string { return "redirect: " + e.why }

func (e *redirectError) Unwrap() error { return errRedirect }

// checkRedirect bounds redirects and drops what was meant for the first host alone.
// Where they lead is judged like any request.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &redirectError{"more than 3"}
	}
	strayed := false
	for _, later := range append(via[1:len(via):len(via)], req) {
		strayed = strayed || stray(via[0].URL, later.URL)
	}
	if !strayed {
		return nil
	}
	if req.Body != nil && req.Body != http.NoBody {
		return &redirectError{"it takes the body to another host"}
	}
	for name := range req.Header {
		switch name {
		case "Accept", "Content-Type", "User-Agent":
		default:
			delete(req.Header, name)
		}
	}
	return nil
}

// stray says whether what was meant for one URL must not go to the other: another
// host, another port, or the same without encryption.
func stray(from, to *url.URL) bool {
	return !strings.EqualFold(from.Hostname(), to.Hostname()) ||
		portOf(from) != portOf(to) ||
		from.Scheme == "https" && to.Scheme != "https"
}

// portOf is "" for the port that the scheme has anyway.
func portOf(u *url.URL) string {
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		return ""
	}
	return port
}

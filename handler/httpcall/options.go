package httpcall

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// GuardOptions say where calls may go. The zero value allows every public
// address on ports 80 and 443.
type GuardOptions struct {
	// Hosts restricts calls to these names: "example.org", "*.example.org" (names
	// below it) or "*"; empty is "*". It never opens a private address.
	Hosts []string
	// Private lists networks that may be reached although the guard's table
	// refuses them. A prefix of 0 bits is refused here.
	Private []netip.Prefix
	// PrivateHosts lists names, patterns as in Hosts but without "*", whose
	// addresses are not looked at.
	PrivateHosts []string
	// Ports are allowed beside 80 and 443.
	Ports []uint16
	// TLS is used for https; nil is Go's default.
	TLS *tls.Config
}

// Options configure the handlers of this package.
type Options struct {
	// Guard decides where calls may go; nil = NewGuard(GuardOptions{}).
	Guard *Guard
	// Timeout bounds one call, redirects and body included, where the payload
	// gives no timeout_ms; default 60 s, and never beyond the attempt's deadline.
	Timeout time.Duration
	// UserAgent is sent with each call; default "schedd".
	UserAgent string
}

// NamedOptions fix a call in the configuration; the payload is its JSON body.
type NamedOptions struct {
	URL          string            // required
	Method       string            // default POST; with GET and HEAD the payload must be empty
	Headers      map[string]string // cookies too, unlike in payloads
	Timeout      time.Duration     // 0 = Options.Timeout
	ExpectStatus []int             // statuses that are success; empty = 200 to 299
	// Secret signs each call as Standard Webhooks does (see package doc); "" = none is
	// signed. One that starts with "whsec_" is base64.
	Secret string
	// Private keeps the path of the URL out of logs: whoever knows it may call.
	Private bool
}

// Package access tells who callers over the network are, by the tokens that they show.
//
// A token opens what its role and platform say, until it expires or is revoked; each
// request asks the store, so that revoking works at once on every node. A token that is
// unknown and one whose secret is wrong take the same way, and all refusals sound the
// same. Requests of one token are bounded, and so are wrong tokens from one address.
//
//	gate := access.New(access.Options{Store: s, Now: clock.Now, Rate: 100, Burst: 200})
//	who, err := gate.Enter(ctx, r.Header.Values("Authorization"), "192.0.2.7")
package access

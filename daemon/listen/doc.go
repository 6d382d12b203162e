// Package listen serves the API on a Unix socket, and on the network where that is
// wanted, and knows who is at the other end of the socket.
//
// Unix makes the socket, or takes the one that systemd passes. It never takes over
// from a daemon that still answers, removes nothing but a stale socket, and never
// leaves the socket more open than asked, not for an instant.
//
// Who a caller is comes from the kernel (SO_PEERCRED) when the connection is
// accepted, and travels in the connection's context as a Peer. It is never read from
// a name that the caller could choose.
//
//	l, err := listen.Unix(listen.Options{Path: "/run/schedd/schedd.sock", Mode: 0o660, Group: "schedctl"})
//	peers := listen.NewPeers(listen.PeerOptions{OperatorGroup: "schedctl", Now: clock.Now})
//	server := http.Server{Handler: h, ConnContext: peers.ConnContext}
//	err = server.Serve(l)
package listen

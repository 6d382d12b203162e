//go:build !linux

package supervise

import "context"

// Client is the daemon's side of the supervisor. There is none on this system.
type Client struct{}

// Start returns ErrUnsupported.
func Start(context.Context, Options) (*Client, error) { return nil, ErrUnsupported }

// Run returns ErrUnsupported.
func (c *Client) Run(context.Context, Command) (Exit, error) { return Exit{}, ErrUnsupported }

// Close does nothing.
func (c *Client) Close() error { return nil }

// Sweep does nothing: no command was ever started.
func Sweep(context.Context, string) (killed int, err error) { return 0, nil }

// Main returns 2: there is no supervisor on this system.
func Main([]string) int { return 2 }

// SignalName returns what ended the command, "" when it exited.
func (e Exit) SignalName() string { return "" }

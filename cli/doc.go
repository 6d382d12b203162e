// Package cli is schedctl: the command line of schedd.
//
// One file holds one verb, and every verb looks alike: an options struct, newXCmd,
// which declares arguments and flags, and runX, which talks to the daemon through
// package client and prints through package render. Data goes to standard output,
// everything else to standard error; what a command returns decides the exit status
// by the one table in exit.go.
//
//	os.Exit(cli.Main(ctx, os.Args[1:], cli.System()))
//
// The path of one command: Main builds the tree (root.go), cobra parses, globals.go
// settles the flags that all commands share, runX returns an error or nil, and
// finish.go says what went wrong and with which status.
package cli

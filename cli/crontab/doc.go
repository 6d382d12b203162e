// Package crontab reads crontabs the way vixie cron, as Debian ships it, reads them.
//
//	file := crontab.Parse(text, crontab.Options{})
//	for _, e := range file.Entries { … e.Schedule, e.Command, e.Stdin, e.Env … }
//
// A line that schedd would not run at the instants at which cron runs it, or that
// cron would not take, has a Problem and says why. Everything else is kept as cron
// understands it: assignments hold for the lines below them, the first percent sign
// ends the command and what follows is its standard input, quotes around the value
// of an assignment are not part of it.
package crontab

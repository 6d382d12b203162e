package cli

import (
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/api"
)

// Handlers that have a shorthand, and the members of their payloads.
const (
	handlerExec = "exec"
	handlerHTTP = "http"

	memberCommand = "command"
	memberShell   = "shell"
	memberURL     = "url"
)

// what fills in what the job runs: a command, a script, a URL, or any handler with
// a payload.
func (o *jobFlags) what(a *app, given func(string) bool, argv []string, base json.RawMessage, in *api.JobInput) error {
	shorthands := 0
	for _, used := range []bool{len(argv) > 0, o.shell != "", o.url != ""} {
		if used {
			shorthands++
		}
	}
	if shorthands > 1 {
		return usagef("a command behind --, --shell and --url can't be combined")
	}
	if given("shell") && o.shell == "" {
		return usagef("--shell is empty")
	}
	if given("url") && o.url == "" {
		return usagef("--url is empty")
	}
	if shorthands == 1 && o.handler != "" {
		return usagef("--handler can't be combined with a command behind --, --shell or --url")
	}
	set(given("handler"), &in.HandlerName, o.handler)
	set(given("handler-type"), &in.HandlerType, o.handlerType)
	if shorthands == 0 && !o.payload.given() {
		return nil
	}
	if shorthands == 1 {
		base = nil // another command starts afresh
	}
	payload, err := o.payload.build(a, base)
	if err != nil {
		return err
	}
	switch {
	case len(argv) > 0:
		payload[memberCommand] = argv
	case o.shell != "":
		payload[memberShell] = o.shell
	case o.url != "":
		payload[memberURL] = o.url
	}
	if shorthands == 1 {
		name := handlerExec
		if o.url != "" {
			name = handlerHTTP
		}
		in.HandlerName = &name
	}
	in.Payload, err = encode(payload)
	return err
}

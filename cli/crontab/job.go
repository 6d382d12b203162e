package crontab

// Account is whose crontab it is.
type Account struct {
	Name, Home string
}

// Payload is what the exec handler needs to run a line the way cron does.
type Payload struct {
	Shell     string            `json:"shell"`
	ShellPath string            `json:"shell_path"`
	Env       map[string]string `json:"env"`
	Dir       string            `json:"dir,omitempty"`
	Stdin     string            `json:"stdin,omitempty"`
	CleanEnv  bool              `json:"clean_env"`
}

// Defaults of cron.
const (
	DefaultShell = "/bin/sh"
	DefaultPath  = "/usr/bin:/bin"
)

// Payload returns the command of a line with its environment: what cron sets,
// below what the crontab assigns. Nobody can assign LOGNAME and USER.
func (e *Entry) Payload(a Account) Payload {
	env := map[string]string{"SHELL": DefaultShell, "PATH": DefaultPath, "HOME": a.Home}
	for _, v := range e.Env {
		env[v.Name] = v.Value
	}
	env["LOGNAME"], env["USER"] = a.Name, a.Name
	return Payload{
		Shell: e.Command, ShellPath: env["SHELL"], Env: env, Dir: env["HOME"], Stdin: e.Stdin, CleanEnv: true,
	}
}

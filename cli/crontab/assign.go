package crontab

import "strings"

// assignment recognises NAME = value the way cron does: blanks around the equals
// sign are allowed, name and value may be quoted, an unquoted value ends before the
// blanks at the end of the line, and nothing is expanded.
func assignment(line string) (Var, bool) {
	name, rest, ok := assignedName(line)
	if !ok {
		return Var{}, false
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest == "" || rest[0] != '=' {
		return Var{}, false
	}
	rest = strings.TrimLeft(rest[1:], " \t")
	if rest == "" {
		return Var{Name: name}, true // cronie takes it; Debian's cron wants quotes
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(rest[1:], quote)
		if end < 0 || strings.Trim(rest[end+2:], " \t") != "" {
			return Var{}, false
		}
		return Var{Name: name, Value: rest[1 : end+1]}, true
	}
	return Var{Name: name, Value: strings.TrimRight(rest, " \t")}, true
}

// assignedName reads the name, which is quoted or ends at a blank or an equals sign.
func assignedName(line string) (name, rest string, ok bool) {
	if line == "" {
		return "", "", false
	}
	if quote := line[0]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(line[1:], quote)
		if end <= 0 || strings.Contains(line[1:end+1], "=") {
			return "", "", false
		}
		return line[1 : end+1], line[end+2:], true
	}
	end := strings.IndexAny(line, " \t=")
	if end <= 0 {
		return "", "", false
	}
	return line[:end], line[end:], true
}

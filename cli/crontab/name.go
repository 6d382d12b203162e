package crontab

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Words in front of the command that matters.
var (
	wrappers     = []string{"nice", "ionice", "nohup", "sudo", "env", "time", "chronic", "exec", "command", "timeout", "flock", "setsid", "chrt", "taskset", "cronic"}
	interpreters = []string{"sh", "bash", "dash", "zsh", "ksh", "python", "python2", "python3", "perl", "php", "ruby", "node", "java"}
	guards       = []string{"cd", "test", "[", "[[", "command", "export", "source", ".", "sleep", "true", "umask", "set"}
	keywords     = []string{"if", "for", "while", "case", "until", "{", "(", "!", "then", "do", "else"}
)

// BaseName derives the name of a job from a command: the program that it runs.
func BaseName(command string) string {
	word := ""
	for _, segment := range segments(command) {
		words := strings.Fields(segment)
		if word = program(words); word != "" {
			break
		}
	}
	name := clean(path.Base(word))
	switch {
	case word == "" || name == "":
		return "cron-job"
	case strings.Trim(name, "0123456789") == "" || strings.HasPrefix(name, "last"):
		return "job-" + name
	}
	return name
}

// segments splits a command at the operators of the shell, roughly.
func segments(command string) []string {
	for _, op := range []string{"&&", "||", ";", "|"} {
		command = strings.ReplaceAll(command, op, "\n")
	}
	return strings.Split(command, "\n")
}

// program finds the word that matters; "" = none in this segment.
func program(words []string) string {
	wrapped := false
	for i := 0; i < len(words); i++ {
		w := strings.Trim(words[i], `"'`)
		base := path.Base(w)
		switch {
		case w == "", slices.Contains(keywords, w), assignsVariable(w):
		case wrapped && (w == "-u" || w == "-g"):
			i++ // the account of sudo
		case wrapped && (w[0] == '-' || '0' <= w[0] && w[0] <= '9'):
		case slices.Contains(wrappers, base) && i+1 < len(words):
			if wrapped = true; base == "flock" {
				i = skipLock(words, i)
			}
		case slices.Contains(guards, base):
			return ""
		case slices.Contains(interpreters, base):
			if script := firstOperand(words[i+1:]); script != "" {
				return script
			}
			return w
		default:
			return w
		}
	}
	return ""
}

// skipLock moves past the options and the lock file of flock.
func skipLock(words []string, i int) int {
	for i+1 < len(words) && strings.HasPrefix(words[i+1], "-") {
		i++
	}
	return i + 1
}

// firstOperand is the first word that is no option; a script given in the line
// itself has no name.
func firstOperand(words []string) string {
	for _, w := range words {
		switch {
		case w == "-c" || w == "-e" || w == "-m" || w == "-r":
			return ""
		case !strings.HasPrefix(w, "-"):
			return strings.Trim(w, `"'`)
		}
	}
	return ""
}

func assignsVariable(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") == ""
}

// clean keeps letters, digits and underscores; everything else is a hyphen.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_':
			b.WriteRune(r)
		default:
			if !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
		}
	}
	name := strings.Trim(b.String(), "-_")
	return name[:min(len(name), 64)]
}

// UniqueName returns base, or base with the first number that is not taken.
func UniqueName(base string, taken func(name string) bool) string {
	name := base
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

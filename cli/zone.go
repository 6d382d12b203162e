package cli

import (
	"strings"
	"time"
)

// systemZone returns the IANA name of the zone of this system, the one cron runs
// by, and where it is said; UTC when nobody says.
func (a *app) systemZone() (name, source string) {
	if link, err := a.env.ReadLink("/etc/localtime"); err == nil {
		if _, zone, ok := strings.Cut(link, "zoneinfo/"); ok && validZone(zone) {
			return plainUTC(zone), "/etc/localtime"
		}
	}
	if text, err := a.env.ReadFile("/etc/timezone"); err == nil {
		if zone := strings.TrimSpace(string(text)); validZone(zone) {
			return plainUTC(zone), "/etc/timezone"
		}
	}
	if zone := strings.TrimPrefix(a.env.Getenv("TZ"), ":"); validZone(zone) {
		return plainUTC(zone), "TZ"
	}
	return "UTC", "no zone is configured"
}

func validZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// plainUTC gives UTC its usual name.
func plainUTC(name string) string {
	switch name {
	case "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal":
		return "UTC"
	}
	return name
}

package schedule

import (
	"fmt"
	"strings"
	"time"

	"relance/limits"

	// The zones that this binary carries serve where the machine has none: in an
	// image made of nothing but relance and its command. Go asks the machine first.
	_ "time/tzdata"
)

// ParseZone returns the time zone called s: a name of the tz database, UTC, or
// Local for that of this machine (TZ, /etc/localtime).
func ParseZone(s string) (*time.Location, error) {
	name := strings.TrimSpace(s)
	switch {
	case strings.EqualFold(name, "local"):
		return time.Local, nil
	case strings.EqualFold(name, "utc"):
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if name == "" || err != nil {
		return nil, fmt.Errorf("parse time zone %s: no such zone: use a name of the tz database, spelled as there, "+
			"such as Europe/Berlin, or UTC, or Local for that of this machine", limits.Quote(s))
	}
	return zone, nil
}

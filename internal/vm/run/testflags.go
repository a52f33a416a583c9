package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"relance/internal/vm/wire"
)

// back is a file or folder that leaves the guest when the test has ended.
type back struct {
	guest, host string
	// asked reports whether a person named it, who is told when it is missing.
	asked bool
	// folder reports whether it must be there, as a folder, from the start.
	folder bool
}

// outputFlags are the flags of a test binary that name a file it writes, as
// "go help testflag" lists them; go test itself sets some of them.
var outputFlags = map[string]bool{
	"blockprofile": true, "coverprofile": true, "cpuprofile": true, "gocoverdir": true,
	"memprofile": true, "mutexprofile": true, "testlogfile": true, "trace": true,
}

// resultFolder is where the guest keeps what test flags make it write.
const resultFolder = wire.Folder + "/out"

// splitTestFlag takes "-test.name=value" apart.
func splitTestFlag(arg string) (name, value string, ok bool) {
	rest := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	if rest == arg {
		return "", "", false
	}
	name, value, ok = strings.Cut(rest, "=")
	name, isTest := strings.CutPrefix(name, "test.")
	return name, value, ok && isTest
}

// redirect rewrites the flags that name output files: the host's paths mean
// nothing in the guest. It returns the new arguments and what to bring back.
func redirect(args []string, dir string) ([]string, []back) {
	// Relative profiles are relative to outputdir, which go test sets.
	for _, arg := range args {
		if name, value, ok := splitTestFlag(arg); ok && name == "outputdir" && value != "" {
			dir = value
		}
	}
	var (
		out   []string
		backs []back
	)
	for i, arg := range args {
		name, value, ok := splitTestFlag(arg)
		switch {
		case ok && name == "outputdir":
			// Meant for the paths rewritten here; the guest has no such folder.
		case ok && outputFlags[name] && value != "":
			guest := resultFolder + "/" + strconv.Itoa(i) + "-" + name
			if !filepath.IsAbs(value) {
				value = filepath.Join(dir, value)
			}
			out = append(out, "-test."+name+"="+guest)
			backs = append(backs, back{guest: guest, host: value, folder: name == "gocoverdir"})
		default:
			out = append(out, arg)
		}
	}
	return out, backs
}

// bootAllowance is added to the test's own limit, so that its panic with all
// goroutines comes before ours, which can only say that time is up.
const bootAllowance = time.Minute

// defaultTimeout is go test's own default.
const defaultTimeout = 10 * time.Minute

// timeoutOf returns the limit for the machine: what the test binary was told,
// and time to boot. Zero, as in go test, is no limit.
func timeoutOf(args []string) time.Duration {
	limit := defaultTimeout
	for _, arg := range args {
		if name, value, ok := splitTestFlag(arg); ok && name == "timeout" {
			if d, err := time.ParseDuration(value); err == nil {
				limit = d
			}
		}
	}
	if limit == 0 {
		return 0
	}
	return limit + bootAllowance
}

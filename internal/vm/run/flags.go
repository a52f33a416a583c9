package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const usage = `vmrun boots a virtual machine, runs a test binary in it as root, and ends as it ended.

usage: go test -exec 'vmrun [FLAG...]' PACKAGE...
       vmrun [FLAG...] BINARY [ARG...]

The machine has: an own kernel, 2 CPUs, cgroup2 at /sys/fs/cgroup with all
controllers, an ext4 disk at /data, tmpfs at /tmp and /run, loopback, busybox
in /bin, the package's testdata. Changes to disks are thrown away.

With -systemd it is a small Debian whose PID 1 is systemd, with users, sessions
and buses, and the test runs in a service of root that delegates nothing.

Relative paths of the host start in the package's folder, where go test runs
tests; in -exec give absolute ones.

`

// options are the command line, checked.
type options struct {
	cache   string
	init    string
	add     []pair
	disks   []pair
	back    []pair
	env     []string
	pid1    []string
	systemd bool
	swap    int64
	memory  int64
	cpus    int
	accel   string
	timeout time.Duration // 0: from the test's own
	boot    string
	verbose bool
	command []string // the binary and its arguments
}

// pair is HOST=GUEST.
type pair struct{ host, guest string }

// parseFlags reads the command line. What it cannot take is an error that says
// the flag and the value.
func parseFlags(args []string, help io.Writer) (options, error) {
	o := options{}
	fs := flag.NewFlagSet("vmrun", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.cache, "cache", os.Getenv("RELANCE_VM_CACHE"),
		"`folder` with the kernel (default: $RELANCE_VM_CACHE, else cache/vm beside go.mod)")
	fs.StringVar(&o.init, "init", "", "the guest's init `program` (default: init beside vmrun)")
	fs.Func("add", "copy a file or folder into the machine, `HOST=GUEST`; may be repeated, as -disk, -back and -env", pairs(&o.add, ""))
	fs.Func("disk", "mount a raw ext4 image, `FILE[=GUEST]`; without GUEST at /data, in place of the empty disk", pairs(&o.disks, "/data"))
	fs.Func("back", "copy a file or folder out of the machine at the end, `GUEST=HOST`", func(s string) error {
		guest, host, ok := strings.Cut(s, "=")
		if !ok || !path.IsAbs(guest) || host == "" {
			return errors.New("want /GUEST=HOST")
		}
		o.back = append(o.back, pair{host: host, guest: guest})
		return nil
	})
	fs.Func("env", "give the test a variable, `NAME[=VALUE]`; RELANCE_TEST_* are given always", func(s string) error {
		if name, _, ok := strings.Cut(s, "="); !ok {
			s = name + "=" + os.Getenv(name)
		}
		o.env = append(o.env, s)
		return nil
	})
	fs.Func("pid1", "make `'PROGRAM [ARG...]'`, a path in the guest, PID 1, with the test as its command", func(s string) error {
		if o.pid1 = strings.Fields(s); len(o.pid1) == 0 || !path.IsAbs(o.pid1[0]) {
			return errors.New("want a path in the guest that starts with /")
		}
		return nil
	})
	fs.BoolVar(&o.systemd, "systemd", false, "boot a small Debian with systemd and run the test as a service of it")
	fs.Func("swap", "`size` of swap, such as 256M (default none)", bytesOf(&o.swap))
	o.memory = 1 << 30
	fs.Func("memory", "`size` of memory (default 1G)", bytesOf(&o.memory))
	fs.IntVar(&o.cpus, "cpus", 2, "`number` of CPUs")
	fs.StringVar(&o.accel, "accel", "tcg", "QEMU `accelerator`; tcg works everywhere")
	fs.StringVar(&o.boot, "boot", "", "more `words` for the kernel's command line")
	fs.DurationVar(&o.timeout, "timeout", 0, "kill the machine after this time (default: -test.timeout and 1m, else 11m)")
	fs.BoolVar(&o.verbose, "v", false, "say how long the machine lived")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		fs.SetOutput(help)
		fs.PrintDefaults()
		return o, err
	}
	if err != nil {
		return o, err
	}
	if o.command = fs.Args(); len(o.command) == 0 {
		return o, errors.New("no test binary named")
	}
	if o.systemd && len(o.pid1) > 0 {
		return o, errors.New("-systemd and -pid1 exclude each other: there is one PID 1")
	}
	return o, nil
}

// pairs returns a parser of HOST=GUEST; without a default GUEST must be there.
func pairs(to *[]pair, guest string) func(string) error {
	return func(s string) error {
		p := pair{host: s, guest: guest}
		if i := strings.LastIndex(s, "="); i >= 0 {
			p = pair{host: s[:i], guest: s[i+1:]}
		}
		if p.host == "" || !path.IsAbs(p.guest) {
			return errors.New("want HOST=/GUEST")
		}
		*to = append(*to, p)
		return nil
	}
}

// bytesOf returns a parser of a size: a number with K, M or G, base 1024.
func bytesOf(to *int64) func(string) error {
	return func(s string) error {
		shift := 10 * (strings.IndexAny("KMG", s[max(0, len(s)-1):]) + 1)
		if shift > 0 {
			s = s[:len(s)-1]
		}
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n <= 0 {
			return errors.New("want a size such as 256M")
		}
		*to = n << shift
		return nil
	}
}

// moduleRoot returns the folder with go.mod, at dir or above, and "" when there
// is none.
func moduleRoot(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/limits"
	"relance/restart"
)

// minCPUTime is the shortest CPU time that can be told from none: the kernel
// counts ticks of up to 10 ms.
const minCPUTime = 10 * time.Millisecond

// maxDescriptors is more than Linux lets a process have (fs.nr_open).
const maxDescriptors = 1 << 30

// counted reports whether any flag bounds what is counted in pieces.
func (f *runFlags) counted() bool {
	return f.MaxOpenFiles != "" || f.MaxSockets != "" || f.MaxTasks != ""
}

// budgets reports whether any flag sets one.
func (f *runFlags) budgets() bool {
	return f.watchesMemory() || f.counted() || f.CPUTime != "" || f.CPUShare != "" || f.planned() || len(f.Watch) > 0 ||
		f.OutputSilence != "" || f.MaxRequests != "" || f.Notify != "" || f.CountLines != "" || f.Stdio != ""
}

// counts sets the budgets on descriptors, sockets and tasks, and how long what is
// exceeded may be. It comes after the limits that they are compared with.
func (in Input) counts(run *Run, f *runFlags) error {
	p := &run.Policy
	if f.MaxOpenFiles != "" {
		if err := in.openFiles(run, f.MaxOpenFiles); err != nil {
			return flagError("max-open-files", f.MaxOpenFiles, err)
		}
	}
	for _, c := range []struct {
		name, value string
		most        int64
		into        *int64
	}{
		{"max-sockets", f.MaxSockets, maxDescriptors, &p.MaxSockets},
		{"max-tasks", f.MaxTasks, maxPIDs, &p.MaxTasks},
	} {
		if c.value == "" {
			continue
		}
		n, err := parseCount(c.value, c.most)
		if err == nil && c.name == "max-tasks" && p.PIDsMax > 0 && n >= p.PIDsMax {
			err = fmt.Errorf("not below --pids-max %s, which would be reached first; use a smaller budget", f.PIDsMax)
		}
		if err != nil {
			return flagError(c.name, c.value, err)
		}
		*c.into = n
	}
	return run.lasting(f)
}

// openFiles reads a number of descriptors, or a share of those that a process may
// have.
func (in Input) openFiles(run *Run, value string) error {
	given := run.Settings.Rlimits[0] // of RLIMIT_NOFILE, see settings
	number, share := strings.CutSuffix(value, "%")
	if share {
		n, err := parseCount(number, 99)
		if err != nil {
			return errors.New("use a share from 1% to 99%, or a whole number")
		}
		run.Policy.MaxFiles, run.FilesPercent = true, int(n)
		return nil
	}
	n, err := parseCount(value, maxDescriptors)
	switch {
	case err != nil:
		return fmt.Errorf("%w, or a share such as 80%%", err)
	case uint64(n) > given.Max:
		return fmt.Errorf("above the %d that a process may have open (RLIMIT_NOFILE), so it would never be reached; use less, or raise --rlimit nofile", given.Max)
	case uint64(n) > given.Cur:
		run.Notes = append(run.Notes, fmt.Sprintf("--max-open-files %d: a process may have %d open unless it asks for more itself, so it may never get there; see --rlimit nofile", n, given.Cur))
	}
	run.Policy.MaxFiles, run.MaxFiles = true, n
	return nil
}

// lasting sets how long what is exceeded may be.
func (run *Run) lasting(f *runFlags) error {
	if f.For == "" {
		return nil
	}
	p := &run.Policy
	d, err := limits.ParseDuration(f.For)
	switch {
	case err != nil:
	case p.MemoryHigh == 0 && !f.counted():
		err = errors.New("how long what is exceeded? Give --memory-high, --max-open-files, --max-sockets or --max-tasks too, or leave it out")
	case f.MemoryFor != "" && !f.counted():
		err = fmt.Errorf("--memory-for %s says the same of the only budget that there is; leave one out", f.MemoryFor)
	}
	if err != nil {
		return flagError("for", f.For, err)
	}
	p.For = d
	if f.MemoryFor == "" {
		p.MemoryFor = d
	}
	return nil
}

// cpu sets the budgets on CPU time. It comes after the limits and the grace.
func (in Input) cpu(run *Run, f *runFlags) error {
	p := &run.Policy
	cpus := runtime.NumCPU()
	if f.CPUTime != "" {
		d, err := limits.ParseDuration(f.CPUTime)
		limit := p.CPUSoft
		if limit == 0 {
			limit = p.CPUHard
		}
		switch {
		case err != nil:
		case d < minCPUTime:
			err = fmt.Errorf("too short to be measured, use at least %s", limits.FormatDuration(minCPUTime))
		case limit > 0 && d >= limit:
			err = fmt.Errorf("not below --rlimit cpu=%s, which would be reached first; use a smaller budget", limits.FormatDuration(limit))
		}
		if err != nil {
			return flagError("cpu-time", f.CPUTime, err)
		}
		p.CPUTime, p.CPUs = d, cpus
	}
	if f.CPUShare != "" {
		share, over, err := parseCPUShare(f.CPUShare)
		switch {
		case err != nil:
		case share > float64(cpus):
			err = fmt.Errorf("more than the CPUs here can give (%d); 100%% is one CPU", cpus)
		case run.Group.CPUMax != nil && share > portion(*run.Group.CPUMax):
			err = fmt.Errorf("above --cpu-max %s, so it would never be reached; use a smaller share", f.CPUMax)
		}
		if err != nil {
			return flagError("cpu-share", f.CPUShare, err)
		}
		p.CPUShare, p.CPUShareFor = share, over
	}
	if f.CPUBackstop {
		if err := in.backstop(run); err != nil {
			return &Error{Msg: "--cpu-backstop: " + err.Error(), flag: "cpu-backstop"}
		}
	}
	return nil
}

// backstop sets RLIMIT_CPU to the budget and the grace: who is still there then
// gets XCPU, and KILL a grace later.
func (in Input) backstop(run *Run) error {
	p := &run.Policy
	switch {
	case p.CPUTime == 0:
		return errors.New("what is to be kept? Give --cpu-time too, or leave it out")
	case p.CPUSoft > 0 || p.CPUHard > 0:
		return errors.New("--rlimit cpu= is one already; leave one of the two out")
	case p.Grace > math.MaxInt64/4 || p.CPUTime > math.MaxInt64/4:
		return errors.New("--stop-timeout has no end; give it one, or leave this out")
	}
	seconds := func(d time.Duration) uint64 { return uint64((d + time.Second - 1) / time.Second) }
	grace := max(p.Grace, time.Second)
	soft, hard := seconds(p.CPUTime+grace), seconds(p.CPUTime+2*grace)
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &now); err != nil {
		return err
	}
	if now.Max < hard {
		return fmt.Errorf("RLIMIT_CPU is at %s already, which would be reached first; use a smaller --cpu-time",
			limits.FormatDuration(time.Duration(now.Max)*time.Second))
	}
	run.Settings.Rlimits = append(run.Settings.Rlimits, child.Rlimit{
		Resource: unix.RLIMIT_CPU, Cur: soft, Max: hard, What: fmt.Sprintf("cpu to %d:%d", soft, hard),
	})
	p.CPUSoft, p.CPUHard = cpuTime(soft), cpuTime(hard)
	return nil
}

// portion is a share of the CPUs as a number of them.
func portion(each time.Duration) float64 { return float64(each) / float64(cgroup.CPUPeriod) }

// minShareFor is the shortest time over which a share says anything.
const minShareFor = time.Second

// parseCPUShare reads SHARE/DURATION; the share is returned as a number of CPUs.
func parseCPUShare(s string) (share float64, over time.Duration, err error) {
	const cure = "use SHARE/DURATION such as 95%/5m, 100% for one CPU"
	percent, duration, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, errors.New(cure)
	}
	each, err := parseCPUs(percent)
	if err != nil {
		return 0, 0, err
	}
	if over, err = limits.ParseDuration(duration); err != nil {
		return 0, 0, errors.New(strings.TrimPrefix(err.Error(), "parse duration "+strconv.Quote(duration)+": "))
	}
	if over < minShareFor {
		return 0, 0, fmt.Errorf("%s is too short to tell; use at least %s", strconv.Quote(duration), limits.FormatDuration(minShareFor))
	}
	return portion(each), over, nil
}

// observe sets what is only said. It comes last: it is about what is set.
func (run *Run) observe(f *runFlags) error {
	set := f.observable()
	words := strings.Split(string(f.Observe), ",")
	var err error
	switch {
	case f.Observe == "":
		return nil
	case len(set) == 0:
		err = errors.New("there is nothing to observe here; give a budget too, or leave it out")
	case f.Observe == everything:
		words = words[:0]
		for reason := range set {
			words = append(words, string(reason))
		}
	}
	for _, word := range words {
		flag, ok := known[restart.Reason(word)]
		switch {
		case err != nil:
		case !ok:
			err = fmt.Errorf("%s is no reason; use some of %s, or nothing for all", quoteIfNeeded(word), reasonWords())
		case !set[restart.Reason(word)]:
			err = fmt.Errorf("nothing can be recycled for %s here; give %s too, or leave it out", word, flag)
		default:
			run.Policy.Observe = run.Policy.Observe.With(restart.Reason(word))
		}
	}
	if err != nil {
		return flagError("observe", string(f.Observe), err)
	}
	if f.CPUBackstop && run.Policy.Observe.Has(restart.CPUTime) {
		return &Error{Msg: "--cpu-backstop: the kernel would end what --observe only wants to know of; leave one of the two out", flag: "cpu-backstop"}
	}
	if run.Policy.Observe.Has(restart.MemoryHigh) && run.Group.MemoryHigh != nil {
		// At memory.high the kernel slows the tree down and takes its page cache. So
		// the budget is looked after by the clock.
		none := int64(cgroup.NoLimit)
		run.Group.MemoryHigh = &none
	}
	return nil
}

// known are the reasons that can be observed, and what sets each.
var known = map[restart.Reason]string{
	restart.MemoryHigh: "--memory-high", restart.OpenFiles: "--max-open-files or --max-sockets", restart.Tasks: "--max-tasks",
	restart.CPUTime: "--cpu-time or --cpu-share", restart.Requests: "--max-requests", restart.Watchdog: "--output-silence", restart.Changed: "--watch",
	restart.Age: "--every", restart.Schedule: "--at or --cron",
}

func reasonWords() string {
	var words []string
	for _, reason := range restart.Observable() {
		words = append(words, string(reason))
	}
	return strings.Join(words, " ")
}

// observable are the reasons for which the flags may recycle anything.
func (f *runFlags) observable() map[restart.Reason]bool {
	set := map[restart.Reason]bool{
		restart.MemoryHigh: f.MemoryHigh != "" || f.MemoryPressure != "",
		restart.OpenFiles:  f.MaxOpenFiles != "" || f.MaxSockets != "",
		restart.Tasks:      f.MaxTasks != "",
		restart.CPUTime:    f.CPUTime != "" || f.CPUShare != "",
		restart.Requests:   f.MaxRequests != "",
		restart.Watchdog:   f.OutputSilence != "",
		restart.Changed:    len(f.Watch) > 0,
		restart.Age:        f.Every != "",
		restart.Schedule:   cmp.Or(len(f.At), len(f.Cron)) > 0,
	}
	for reason, is := range set {
		if !is {
			delete(set, reason)
		}
	}
	return set
}

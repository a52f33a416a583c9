package restart

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The language of the scripts: what Step answered, in words, and words as events.

func describe(now time.Time, a Action) string {
	switch a := a.(type) {
	case Spawn:
		s := fmt.Sprintf("spawn gen=%d", a.Gen)
		if a.Worker != 0 {
			s += fmt.Sprintf(" worker=%d", a.Worker)
		}
		return s
	case Signal:
		s := fmt.Sprintf("signal gen=%d sig=%d", a.Gen, a.Sig)
		if a.Tree {
			s += " tree"
		}
		return s
	case Kill:
		return fmt.Sprintf("kill gen=%d", a.Gen)
	case Probe:
		return fmt.Sprintf("probe gen=%d", a.Gen)
	case Look:
		return fmt.Sprintf("look gen=%d", a.Gen)
	case Headroom:
		return fmt.Sprintf("headroom gen=%d", a.Gen)
	case Tripwire:
		return fmt.Sprintf("tripwire gen=%d", a.Gen)
	case Watch:
		return fmt.Sprintf("watch gen=%d", a.Gen)
	case Count:
		return fmt.Sprintf("count gen=%d until=%d", a.Gen, a.Until)
	case Drain:
		return fmt.Sprintf("drain gen=%d", a.Gen)
	case CloseInput:
		return fmt.Sprintf("close-input gen=%d", a.Gen)
	case Alarm:
		return fmt.Sprintf("alarm gen=%d in=%s", a.Gen, a.In)
	case Examine:
		if a.Now {
			return "examine now"
		}
		return "examine"
	case OpenGate, CloseGate, AfterUp:
		return describeHook(a)
	case Quit:
		s := fmt.Sprintf("quit status=%d", a.Status)
		if a.Sig != 0 {
			s += fmt.Sprintf(" sig=%d", a.Sig)
		}
		return s
	case Report:
		s := fmt.Sprintf("report %s gen=%d", a.Kind, a.Gen)
		if a.Worker != 0 {
			s += fmt.Sprintf(" worker=%d", a.Worker)
		}
		if a.Reason != "" {
			s += " reason=" + string(a.Reason)
		}
		if a.Uptime != 0 {
			s += fmt.Sprintf(" uptime=%s", a.Uptime)
		}
		if a.In == Forever {
			s += " in=forever"
		} else if a.In != 0 {
			s += fmt.Sprintf(" in=%s", a.In.Round(time.Millisecond))
		}
		if a.Kind == Up {
			s += fmt.Sprintf(" after=%d", a.After)
		}
		if a.Kind == Recovered {
			s += fmt.Sprintf(" after=%d failures=%d memory=%d of %d before=%d", a.After, a.Failures, a.Usage.Memory, a.Budget, a.MemoryBefore)
		}
		if a.Slope != 0 && (a.Kind == Recovered || a.Kind == Left) {
			s += fmt.Sprintf(" slope=%.0f", a.Slope)
		}
		if !a.Expected.IsZero() {
			s += fmt.Sprintf(" expected=+%s for %s", a.Expected.Sub(now).Round(time.Second), a.ExpectedFor)
		}
		if a.Kind == Left || a.Kind == Recovered {
			s += fmt.Sprintf(" took=%s", a.Took)
		}
		s += describeSpent(a)
		if !a.Planned.IsZero() {
			s += " planned=+" + a.Planned.Sub(now).String()
		}
		return s + describeGroup(a)
	}
	panic("unknown action")
}

// describeSpent is what a report says of the figures.
func describeSpent(a Report) string {
	s := ""
	switch {
	case a.Spent == BudgetMemory && a.Budget != 0 || a.Kind == Escaped && a.Budget != 0:
		s = fmt.Sprintf(" memory=%d of %d", a.Usage.Memory, a.Budget)
	case a.Spent == BudgetCPU:
		s = fmt.Sprintf(" cpu=%s of %s", a.Usage.CPU, time.Duration(a.Budget))
	case a.Spent == BudgetShare:
		s = fmt.Sprintf(" share=%.2f", a.Share)
	case a.Spent == BudgetRequests:
		s = fmt.Sprintf(" requests=%d of %d", a.Requests, a.Budget)
	case a.Spent == BudgetSilence:
		s = fmt.Sprintf(" silent=%s of %s", a.For, time.Duration(a.Budget))
	case a.Spent != NoBudget && a.Spent != BudgetMemory:
		level, _ := levelOf(a.Spent)
		used, _ := level.of(&a.Usage, &Policy{MaxFiles: true})
		s = fmt.Sprintf(" %s=%d of %d", a.Spent, used, a.Budget)
	}
	if a.Closing != 0 {
		s += fmt.Sprintf(" closing=%s", a.Closing)
	}
	if a.InFlight != 0 || a.Lost != 0 {
		s += fmt.Sprintf(" in-flight=%d lost=%d", a.InFlight, a.Lost)
	}
	if a.Path != "" {
		s += fmt.Sprintf(" path=%s more=%d", a.Path, a.More)
	}
	if a.Waited != 0 || a.Quiet {
		s += fmt.Sprintf(" waited=%s quiet=%v", a.Waited, a.Quiet)
	}
	if a.Observed != 0 {
		s += fmt.Sprintf(" observed=%d", a.Observed)
	}
	if a.Again {
		s += " again"
	}
	if a.Handover {
		s += " handover"
	}
	if strings.HasPrefix(string(a.Kind), "gate-") && a.Err != "" {
		s += " err=" + a.Err
	}
	if a.Unready != "" {
		s += " unready=" + a.Unready
	}
	if a.Kind == Queued {
		s += fmt.Sprintf(" ahead=%d", a.Ahead)
	}
	if a.Failures != 0 && (a.Handover || a.Kind == Queued) {
		s += fmt.Sprintf(" failures=%d", a.Failures)
	}
	if a.Workers != 0 {
		s += fmt.Sprintf(" others=%d", a.Workers)
	}
	return s
}

// describeGroup is what a report says of the group.
func describeGroup(a Report) string {
	s := ""
	if a.For != 0 {
		s += fmt.Sprintf(" for=%s", a.For)
	}
	if a.Stalled {
		s += " stalled"
	}
	if a.Pressure != "" {
		s += fmt.Sprintf(" pressure=%q", a.Pressure)
	}
	if a.Reason == OOMKilled {
		s += fmt.Sprintf(" kills=%d scope=%s own=%v", a.Counters.OOMKill, a.Counters.Scope(), a.Own)
	}
	return s
}

// fields turns words like name=value into a map; a word alone is set to "true".
func fields(words []string) map[string]string {
	m := map[string]string{}
	for _, w := range words {
		k, v, ok := strings.Cut(w, "=")
		if !ok {
			v = "true"
		}
		m[k] = v
	}
	return m
}

func parsePolicy(t *testing.T, words []string) Policy {
	p := Policy{StopSignal: 15, Grace: 10 * time.Second, BackoffMin: 100 * time.Millisecond, BackoffMax: 30 * time.Second, MinUptime: time.Second}
	dur := func(s string) time.Duration { return duration(t, s) }
	plan := &fakePlan{}
	for k, v := range fields(words) {
		switch k {
		case "restart":
			p.Restart = map[string]When{"limits": OnLimits, "on-failure": OnFailure, "always": Always, "never": Never}[v]
		case "grace":
			p.Grace = dur(v)
		case "backoff":
			low, high, _ := strings.Cut(v, "..")
			p.BackoffMin, p.BackoffMax = dur(low), dur(high)
		case "give-up":
			n, within, _ := strings.Cut(v, "/")
			p.GiveUp, p.GiveUpWithin = number(t, n), dur(within)
		case "min-uptime":
			p.MinUptime = dur(v)
		case "memory-high":
			p.MemoryHigh = int64(number(t, v))
		case "every":
			plan.every, p.Plan = dur(v), plan
		case "at":
			plan.at, p.Plan = dur(v), plan
		case "window":
			from, to, _ := strings.Cut(v, "..")
			plan.open, plan.shut, p.Plan = dur(from), dur(to), plan
		case "requests":
			p.MaxRequests = int64(number(t, v))
		case "requests-jitter":
			p.MaxRequestsJitter = int64(number(t, v))
		case "drain":
			p.Drains, p.DrainTimeout = true, dur(v)
		case "stdio":
			p.Stdio = true
		case "gate":
			p.Gate, p.GateTimeout = true, dur(v)
		case "gate-proceed":
			p.GatePolicy = GateProceed
		case "after-up":
			p.AfterUp = true
		case "watch":
			p.Watches = true
		case "lost-exits":
			p.LostExits = true
		case "ready":
			how, delay, _ := strings.Cut(v, ":")
			p.Ready = map[string]Readiness{"said": ReadyWhenSaid, "probed": ReadyWhenProbed, "after": ReadyAfter}[how]
			if p.Ready == ReadyAfter {
				p.ReadyDelay = dur(delay)
			}
		case "start-timeout":
			p.StartTimeout = dur(v)
		case "handover":
			p.Handover = true
		case "workers":
			p.Workers = number(t, v)
		case "max-unavailable":
			p.MaxUnavailable = number(t, v)
		case "files":
			p.MaxFiles = true
		case "sockets":
			p.MaxSockets = int64(number(t, v))
		case "tasks":
			p.MaxTasks = int64(number(t, v))
		case "for":
			p.For = dur(v)
		case "cpu-time":
			p.CPUTime, p.CPUs = dur(v), 2
		case "cpu-share":
			percent, over, _ := strings.Cut(v, "/")
			p.CPUShare, p.CPUShareFor = float64(number(t, percent))/100, dur(over)
		case "silence":
			p.Silence = dur(v)
		case "idle-wait":
			p.IdleWait = dur(v)
		case "observe":
			for word := range strings.SplitSeq(v, ",") {
				p.Observe = p.Observe.With(Reason(word))
			}
		case "memory-events":
			p.MemoryEvents = true
		case "swap":
			p.Swap = true
		case "memory-for":
			p.MemoryFor = dur(v)
		case "oom":
			p.OOM = map[string]OOMPolicy{"stop": OOMStop, "kill": OOMKill, "continue": OOMContinue}[v]
		case "pressure":
			p.Pressure = v
		case "address":
			p.AddressLimit = int64(number(t, v))
		case "data":
			p.DataLimit = int64(number(t, v))
		case "fsize":
			p.FileSize = true
		case "cpu-soft":
			p.CPUSoft = dur(v)
		case "cpu-hard":
			p.CPUHard = dur(v)
		default:
			t.Fatalf("policy %q", k)
		}
	}
	return p
}

func number(t *testing.T, s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func parseEvent(t *testing.T, name string, words []string) Event {
	f := fields(words)
	n := func(key string) int { return number(t, f[key]) }
	ms := func(key string) time.Duration { return time.Duration(n(key)) * time.Millisecond }
	usage := Usage{
		Memory: int64(n("memory")), Processes: 1, CPU: ms("cpu"), VMSize: int64(n("vmsize")), VMData: int64(n("vmdata")),
		Exact: f["exact"] != "", Stalled: ms("stalled"),
		Files: int64(n("files")), FilesMax: int64(n("files-max")), Sockets: int64(n("sockets")), Tasks: int64(n("tasks")),
		Silent: ms("silent"), InFlight: int64(n("in-flight")), InFlightKnown: f["in-flight"] != "", Unseen: f["unseen"],
	}
	counters := Counters{
		High: int64(n("high")), Max: int64(n("max")), OOM: int64(n("oom")), OOMKill: int64(n("oom-kill")),
		PIDsMax: int64(n("pids")), OOMAbove: int64(n("oom-above")),
	}
	switch name {
	case "started":
		return Started{Gen: n("gen"), PID: 100 + n("gen")}
	case "spawn-failed":
		return SpawnFailed{Gen: n("gen"), Status: n("status"), Err: "no such file"}
	case "exited":
		return Exited{Gen: n("gen"), Code: n("code"), Signal: Sig(n("signal")), Left: n("left"), Lost: n("lost"), Owed: n("owed"), CPU: ms("cpu"), Charged: ms("charged"), MaxRSS: int64(n("maxrss")), Counters: counters}
	case "emptied":
		return Emptied{Gen: n("gen"), Lost: n("lost"), Owed: n("owed")}
	case "looked":
		return Looked{Gen: n("gen"), Err: f["err"], Usage: usage}
	case "memory-events":
		return MemoryEvents{Gen: n("gen"), Counters: counters, Escaped: f["escaped"] != "", Dying: f["dying"] != ""}
	case "pressed":
		return Pressed{Gen: n("gen"), Usage: usage}
	case "served":
		return Served{Gen: n("gen"), Served: int64(n("served")), InFlight: int64(n("in-flight")), Stuck: f["stuck"] != ""}
	case "ready":
		return Ready{Gen: n("gen")}
	case "probed":
		return Probed{Gen: n("gen"), Ready: f["ready"] != "", Why: f["why"]}
	case "extend":
		return Extend{Gen: n("gen"), By: ms("by")}
	case "input-ended":
		return InputEnded{}
	case "cpu-used":
		return CPUUsed{Gen: n("gen")}
	case "touched":
		return Touched{}
	case "examined":
		return Examined{Settled: f["busy"] == "", Path: f["path"], More: n("more")}
	case "gate-opened":
		return GateOpened{Gate: n("gate")}
	case "gate-ended":
		return GateEnded{Gate: n("gate"), Err: f["err"]}
	case "restart-asked":
		return RestartAsked{}
	case "stop-asked":
		return StopAsked{Sig: Sig(n("sig"))}
	case "interrupted":
		return Interrupted{Sig: Sig(n("sig"))}
	case "forward":
		return Forward{Sig: Sig(n("sig"))}
	case "clock-set":
		return ClockSet{}
	case "tick":
		return Tick{}
	}
	t.Fatalf("event %q", name)
	return nil
}

// brief names the actions without their figures.
func brief(actions []Action) string {
	var words []string
	for _, a := range actions {
		word := strings.ToLower(reflect.TypeOf(a).Name())
		switch a := a.(type) {
		case Report:
			word += " " + string(a.Kind)
		case Signal:
			if a.Sig == sigCont {
				word += " CONT"
			}
			if a.Tree {
				word += " to the tree"
			}
		case Kill:
			word += " the tree"
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

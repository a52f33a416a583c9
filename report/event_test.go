package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/restart"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// keys is a promise: programs read these. One may be added, none may go or
// change its type.
var keys = map[string]string{
	"schema": "number", "seq": "number", "time": "string", "level": "string", "msg": "string", "name": "string", "event": "string",
	"generation": "number", "reason": "string", "pid": "number", "uptime_seconds": "number",
	"memory_bytes": "number", "memory_budget_bytes": "number", "processes": "number",
	"exit_status": "number", "exit_signal": "string", "stop_signal": "string",
	"memory_exceeded_seconds": "number", "memory_stalled": "bool", "memory_pressure": "string",
	"memory_peak_bytes": "number", "memory_max_bytes": "number", "oom_kills": "number", "oom_scope": "string",
	"victim": "string", "pids_max": "number", "planned": "string",
	"in_seconds": "number", "failures": "number", "error": "string",
	"spent": "string", "used": "number", "budget": "number", "who": "string", "cpu_seconds": "number", "cpu_budget_seconds": "number",
	"cpu_share": "number", "lasted_seconds": "number", "path": "string", "other_paths": "number", "waited_seconds": "number",
	"quiet": "bool", "observed": "number", "restart_asked": "bool", "asked_by": "string", "in_flight": "number", "lost": "number",
	"worker": "number", "other_workers": "number", "waits_for_worker": "number", "handover": "bool", "unready": "string",
	"took_seconds": "number", "requests": "number", "down_seconds": "number",
	"previous_generation": "number", "memory_before_bytes": "number", "memory_slope_bytes_per_hour": "number",
	"forecast": "string", "forecast_reason": "string",
}

// decode reads a line as a program would.
func decode(t *testing.T, line string) map[string]any {
	t.Helper()
	var m map[string]any
	if strings.ContainsAny(line, "\n\r") {
		t.Errorf("more than a line: %q", line)
	}
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return m
}

// TestJSONKeys: every report there is has known keys of the right type, and
// always those that one sorts by.
func TestJSONKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range lines {
		m := decode(t, EventOf(l.report, "web", noon).JSON())
		for key, value := range m {
			seen[key] = true
			kind := "string"
			switch value.(type) {
			case float64:
				kind = "number"
			case bool:
				kind = "bool"
			}
			if keys[key] != kind {
				t.Errorf("%s: %s is a %s, want %q", l.name, key, kind, keys[key])
			}
		}
		for _, key := range []string{"schema", "seq", "time", "level", "msg", "name", "event", "generation"} {
			if _, ok := m[key]; !ok {
				t.Errorf("%s: no %s", l.name, key)
			}
		}
		if m["msg"] != Text(l.report) || m["event"] != string(l.report.Kind) {
			t.Errorf("%s: %v", l.name, m)
		}
	}
	for key := range keys {
		if !seen[key] {
			t.Errorf("no report has %s", key)
		}
	}
}

func TestJSONValues(t *testing.T) {
	for _, c := range []struct {
		name   string
		report restart.Report
		want   map[string]any
	}{
		{"a recycle", lines[11].report, map[string]any{
			"level": "info", "reason": "memory-high", "uptime_seconds": 18720.0, "in_seconds": 10.0, "stop_signal": "TERM",
			"memory_bytes": 812.0 * mib, "memory_budget_bytes": 800.0 * mib, "processes": 9.0, "exit_status": nil,
		}},
		{"a grace of nothing", lines[14].report, map[string]any{"in_seconds": 0.0, "level": "info", "reason": "asked"}},
		{"no kill", lines[12].report, map[string]any{"in_seconds": nil, "stop_signal": "INT"}},
		{
			"killed for memory", restart.Report{Kind: restart.Ended, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: time.Second, Own: true, Counters: oneKill, MemoryMax: 96 * mib},
			map[string]any{
				"level": "warn", "oom_kills": 1.0, "oom_scope": "own", "victim": "python3, pid 812", "memory_max_bytes": 96.0 * mib,
				"memory_peak_bytes": 95.0 * mib, "pids_max": nil, "exit_signal": "KILL",
			},
		},
		{
			"the rest goes on", restart.Report{Kind: restart.OOM, Gen: 3, Reason: restart.OOMKilled, Uptime: time.Second, Counters: restart.Counters{OOMKill: 2, OOMAbove: 1}},
			map[string]any{"level": "warn", "oom_kills": 2.0, "oom_scope": "above", "victim": nil, "memory_max_bytes": nil},
		},
		{
			"the rest is stopped", restart.Report{Kind: restart.Stopping, Gen: 3, Reason: restart.OOMKilled, Uptime: time.Second, Counters: restart.Counters{OOMKill: 2}, Sig: 15},
			map[string]any{"level": "warn", "oom_scope": "host"},
		},
		{
			"no more processes", restart.Report{Kind: restart.PIDsMax, Gen: 3, Uptime: time.Second, PIDsMax: 50, MemoryMax: 7, Counters: restart.Counters{PIDsMax: 4}},
			map[string]any{"level": "warn", "event": "pids-max", "pids_max": 50.0, "oom_kills": nil, "oom_scope": nil, "memory_max_bytes": nil, "reason": nil},
		},
		{
			"out of its group", restart.Report{Kind: restart.Escaped, Gen: 2, Uptime: time.Second, Budget: 64 * mib},
			map[string]any{"level": "warn", "event": "escaped", "uptime_seconds": 1.0, "memory_budget_bytes": 64.0 * mib, "memory_bytes": nil, "reason": nil},
		},
		{
			"by the clock", lines[7].report,
			map[string]any{"level": "info", "reason": "age", "planned": "2026-03-30T02:30:00+02:00", "uptime_seconds": 21600.0, "memory_bytes": nil},
		},
		{"waits", lines[9].report, map[string]any{"level": "info", "event": "deferred", "planned": "2026-03-30T02:30:00+02:00", "in_seconds": nil}},
		{
			"up", restart.Report{Kind: restart.Up, Gen: 2, PID: 7, In: 1500 * time.Microsecond, After: 1},
			map[string]any{"level": "info", "pid": 7.0, "down_seconds": 0.0015, "in_seconds": nil, "uptime_seconds": nil, "reason": nil},
		},
		{"begun", lines[1].report, map[string]any{"event": "begun", "pid": 7.0, "reason": nil, "uptime_seconds": nil}},
		{
			"left", lines[2].report,
			map[string]any{
				"event": "left", "reason": "requests", "took_seconds": 2.5, "requests": 1000.0, "cpu_seconds": 3.0, "memory_peak_bytes": 9.0 * mib,
				"exit_status": 0.0, "uptime_seconds": 3600.0,
			},
		},
		{
			"killed by a signal", restart.Report{Kind: restart.GaveUp, Gen: 2, Reason: restart.Signaled, Exit: segv, Uptime: time.Second, Failures: 3},
			map[string]any{"level": "error", "exit_status": 139.0, "exit_signal": "SEGV", "failures": 3.0},
		},
		{
			"status 0 is said", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.Exit, Exit: &restart.Exited{}, Uptime: time.Nanosecond},
			map[string]any{"exit_status": 0.0, "exit_signal": nil, "uptime_seconds": 1e-9},
		},
		{
			"open files", spentLines[0].report,
			map[string]any{"level": "info", "spent": "max-open-files", "used": 801.0, "budget": 800.0, "who": "python3, pid 12", "memory_budget_bytes": nil},
		},
		{
			"sockets for a while", spentLines[1].report,
			map[string]any{"spent": "max-sockets", "used": 200.0, "lasted_seconds": 60.0, "memory_exceeded_seconds": nil},
		},
		{"tasks", spentLines[2].report, map[string]any{"spent": "max-tasks", "used": 130.0, "budget": 100.0, "who": nil}},
		{"cpu time", spentLines[3].report, map[string]any{"cpu_seconds": 60.08, "cpu_budget_seconds": 60.0, "cpu_share": nil, "used": nil}},
		{"cpu share", spentLines[4].report, map[string]any{"level": "warn", "cpu_share": 0.974, "lasted_seconds": 300.0, "cpu_seconds": 3600.0}},
		{"silence", spentLines[5].report, map[string]any{"level": "warn", "spent": "output-silence", "lasted_seconds": 300.0, "used": nil}},
		{
			"requests", spentLines[14].report,
			map[string]any{"level": "info", "event": "draining", "used": 1000.0, "budget": 1000.0, "in_flight": 3.0, "in_seconds": 30.0},
		},
		{"changed", spentLines[7].report, map[string]any{"path": "app/a.py", "other_paths": 12.0, "spent": nil}},
		{"quiet", spentLines[8].report, map[string]any{"waited_seconds": 3.0, "quiet": true}},
		{"observed", spentLines[11].report, map[string]any{"level": "info", "event": "observed", "observed": 7.0}},
		{"asked for another", spentLines[12].report, map[string]any{"restart_asked": true, "reason": "asked"}},
		{
			"a start that failed", restart.Report{Kind: restart.Backoff, Gen: 2, Reason: restart.StartFailed, Err: "x", In: time.Minute, Failures: 1},
			map[string]any{"level": "warn", "error": "x", "in_seconds": 60.0, "exit_status": nil},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, EventOf(c.report, "", noon).JSON())
			for key, want := range c.want {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s: %v, want %v", key, got[key], want)
				}
			}
			if _, ok := got["name"]; ok {
				t.Errorf("a name: %v", got)
			}
			if got["time"] != "2026-03-01T12:00:00.123456789Z" {
				t.Errorf("time %v", got["time"])
			}
		})
	}
}

// TestJSONHostile: names and messages come from users and from the kernel, and
// may hold anything.
func TestJSONHostile(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb":             "a\nb",
		"\xff\xfe":         "\ufffd\ufffd",
		`"quoted\"`:        `"quoted\"`,
		"\x00\x1b[2J":      "\x00\x1b[2J",
		"\u2028 <b>&":      "\u2028 <b>&",
		"größe \U0001f600": "größe \U0001f600",
	} {
		r := restart.Report{Kind: restart.Blind, Gen: 1, Err: in}
		if got := decode(t, EventOf(r, in, noon).JSON()); got["name"] != want || got["error"] != want {
			t.Errorf("%q: name %q, error %q", in, got["name"], got["error"])
		}
		if got := decode(t, Note(in, "warn", in, noon).JSON()); got["msg"] != want || got["name"] != want || got["level"] != "warn" {
			t.Errorf("%q: %v", in, got)
		}
		if s := Text(r); strings.Contains(s, "\n") {
			t.Errorf("more than a line: %q", s)
		}
	}
}

func TestLost(t *testing.T) {
	if got := Lost(1, nil); got != "1 line is missing here: nobody read fast enough" {
		t.Error(got)
	}
	if got := Lost(7, unix.ENOSPC); got != "7 lines are missing here: no space left on device" {
		t.Error(got)
	}
	if got := OneLine("a\nb\nc"); got != "a; b; c" {
		t.Errorf("%q", got)
	}
}

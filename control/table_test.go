package control

import (
	"strings"
	"testing"
)

func TestProcessesText(t *testing.T) {
	p := Processes{Processes: []Process{
		{Generation: 1, PID: 7, PPID: 1, State: "S", Memory: 3 << 20, RSS: 5 << 20, CPU: 1.25, Age: 90.04, Name: "sh", Command: "sh -c sleep"},
		{Generation: 12, PID: 4711, PPID: 7, State: "Z", Name: "kworker"},
	}}
	want := `GEN   PID  PPID  S    MEM    RSS    CPU    AGE  COMMAND
  1     7     1  S  3 MiB  5 MiB  1.2 s  1m30s  sh -c sleep
 12  4711     7  Z    0 B    0 B    0 s    0 s  [kworker]
`
	if got := p.Text(0); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	p.Processes[0].Worker, p.More = 3, 5
	got := p.Text(20)
	if !strings.HasPrefix(got, "WORKER  GEN   PID  P\n     3    1     7   \n") || !strings.HasSuffix(got, "\nand 5 more\n") {
		t.Errorf("at 20 columns:\n%s", got)
	}
}

package status

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSlope: what is a growth to speak of, and what is not.
func TestSlope(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := func(n int64) int64 { return rnd.Int64N(n) - n/2 }
	const none = math.MaxFloat64
	for _, c := range []struct {
		name  string
		every time.Duration
		from  time.Duration
		n     int
		of    func(age time.Duration) int64
		want  float64 // MiB per hour
	}{
		{"a leak", time.Second, 0, 3600, func(age time.Duration) int64 { return 100*mib + int64(age.Hours()*24*mib) }, 24},
		{"a leak with noise", time.Second, 0, 3600, func(age time.Duration) int64 { return 100*mib + int64(age.Hours()*100*mib) + noise(10*mib) }, 100},
		{"a leak of a month", 10 * time.Minute, 0, 4000, func(age time.Duration) int64 { return 100*mib + int64(age.Hours()*mib/4) }, 0.25},
		{"a fast leak", 50 * time.Millisecond, 0, 40, func(age time.Duration) int64 { return 10*mib + int64(age.Seconds()*mib) }, 3600},
		{"a leak after a start that takes a tenth of the time", time.Second, 0, 1000, func(age time.Duration) int64 {
			return min(int64(age.Seconds()*4*mib), 300*mib) + int64(age.Hours()*200*mib)
		}, 200},
		{"garbage collection on the way up", time.Second, 0, 7200, func(age time.Duration) int64 {
			return 100*mib + int64(age.Hours()*100*mib) + int64(age%(time.Minute)/time.Second)*mib/2
		}, 100},
		{"shrinks", time.Second, 0, 3600, func(age time.Duration) int64 { return 500*mib - int64(age.Hours()*24*mib) }, -24},
		{"does not move", time.Second, 0, 100, func(time.Duration) int64 { return 7 * mib }, 0},
		{"noise", time.Second, 0, 3600, func(time.Duration) int64 { return 100*mib + noise(50*mib) }, none},
		{"takes what it needs and stays", time.Second, 0, 3600, func(age time.Duration) int64 {
			return min(int64(age.Seconds()*mib), 200*mib)
		}, 0},
		{"a cache that fills up", time.Second, 0, 3600, func(age time.Duration) int64 {
			return int64(400 * mib * (1 - math.Exp(-age.Minutes()/10)))
		}, none},
		{"a cache that fills up slowly", time.Second, 0, 3600, func(age time.Duration) int64 {
			return int64(400 * mib * (1 - math.Exp(-age.Minutes()/20)))
		}, none},
		{"faster and faster", time.Second, 0, 3600, func(age time.Duration) int64 { return int64(math.Pow(age.Hours(), 3) * 400 * mib) }, none},
		{"up and down", time.Second, 0, 3600, func(age time.Duration) int64 {
			return 300*mib + int64(age.Hours()*60*mib) + int64(math.Sin(age.Minutes()*2*math.Pi/9)*80*mib)
		}, none},
		{"has just begun to grow", time.Second, 0, 3600, func(age time.Duration) int64 {
			return 100*mib + max(0, int64((age-50*time.Minute).Seconds()*mib))
		}, none},
		{"five looks", time.Minute, 0, 5, func(age time.Duration) int64 { return int64(age.Seconds()) * mib }, none},
		{"ten seconds of a week", 100 * time.Millisecond, 7 * 24 * time.Hour, 100, func(age time.Duration) int64 { return int64(age.Seconds()) * mib / 1000 }, none},
		{"ten minutes of a week", time.Second, 7 * 24 * time.Hour, 700, func(age time.Duration) int64 { return int64(age.Seconds() * mib / 3600) }, 1},
		{"nothing", time.Second, 0, 0, nil, none},
	} {
		var tr trend
		for i := range c.n {
			age := c.from + time.Duration(i)*c.every
			tr.add(age, c.of(age))
		}
		slope, known := tr.slope()
		got := slope / mib
		switch {
		case known != (c.want != none):
			t.Errorf("%s: known %v: %.3g MiB/h", c.name, known, got)
		case known && math.Abs(got-c.want) > 0.03*math.Abs(c.want):
			t.Errorf("%s: %.3g MiB/h, want %.3g", c.name, got, c.want)
		}
	}
}

func TestForecast(t *testing.T) {
	per := func(mibPerHour float64) *float64 { s := mibPerHour * mib; return &s }
	started := noon.Add(-time.Hour)
	for _, c := range []struct {
		name   string
		live   Live
		slope  *float64
		reason string
		in     time.Duration
	}{
		{"nothing is known", Live{}, nil, "", 0},
		{"memory", Live{Memory: 600 * mib, MemoryBudget: 800 * mib}, per(100), "memory-high", 2 * time.Hour},
		{"over it", Live{Memory: 900 * mib, MemoryBudget: 800 * mib}, per(100), "memory-high", 0},
		{"memory shrinks", Live{Memory: 600 * mib, MemoryBudget: 800 * mib}, per(-100), "", 0},
		{"memory stands still", Live{Memory: 600 * mib, MemoryBudget: 800 * mib}, per(0), "", 0},
		{"no budget", Live{Memory: 600 * mib}, per(100), "", 0},
		{"in a hundred years", Live{Memory: 1 * mib, MemoryBudget: 1 << 40}, per(1), "", 0},
		{"never, in time of the clock", Live{Memory: 1, MemoryBudget: 1 << 62}, per(1e-9), "", 0},
		{"requests", Live{Started: started, Counts: true, Requests: 5000, MaxRequests: 20000}, nil, "requests", 3 * time.Hour},
		{"few requests", Live{Started: started, Counts: true, Requests: 9, MaxRequests: 10}, nil, "", 0},
		{"any number of requests", Live{Started: started, Counts: true, Requests: 5000}, nil, "", 0},
		{"CPU time", Live{Started: started, CPU: 15 * time.Minute, CPUBudget: time.Hour}, nil, "cpu-time", 3 * time.Hour},
		{"just started", Live{Started: noon.Add(-time.Second), CPU: time.Second, CPUBudget: time.Hour}, nil, "", 0},
		{"by the clock", Live{Planned: noon.Add(9 * time.Hour)}, nil, "schedule", 9 * time.Hour},
		{"by its age", Live{Planned: noon.Add(9 * time.Hour), PlannedFor: "age"}, nil, "age", 9 * time.Hour},
		{"overdue", Live{Planned: noon.Add(-time.Hour)}, nil, "schedule", 0},
		{
			"the first of all",
			Live{
				Started: started, Memory: 600 * mib, MemoryBudget: 800 * mib, Counts: true, Requests: 5000, MaxRequests: 20000,
				CPU: 15 * time.Minute, CPUBudget: 25 * time.Minute, Planned: noon.Add(9 * time.Hour),
			},
			per(100), "cpu-time", 40 * time.Minute,
		},
	} {
		got := forecast(noon, &c.live, c.slope)
		switch {
		case (got == nil) != (c.reason == ""):
			t.Errorf("%s: %+v", c.name, got)
		case got != nil && (got.Reason != c.reason || math.Abs(got.In-c.in.Seconds()) > 1 || got.Time.Sub(noon.Add(c.in)).Abs() > time.Second):
			t.Errorf("%s: %+v, want %s in %v", c.name, got, c.reason, c.in)
		}
	}
}

package main

import (
	"os"
	"time"

	"relance/cgroup"
	"relance/cli"
	"relance/doctor"
	"relance/place"
)

// diagnosed tells what this machine lets us do.
func diagnosed(todo *cli.Doctor) int {
	answers := new(place.Answers)
	report := doctor.Diagnose(doctor.Gather(doctor.Machine{
		Root: "/", Own: doctor.Own, Delegated: answers.Delegated,
		Try: func(what string) doctor.Trial { return try(what, answers) },
	}))
	write := report.WriteText
	if todo.JSON {
		write = report.WriteJSON
	}
	if err := write(os.Stdout); err != nil {
		cli.Complain(stderr{}, err)
		return cli.UsageStatus
	}
	if !report.Works() {
		return 1
	}
	return 0
}

// try does what a run with that flag would do before its first start, and takes
// it back.
func try(what string, answers *place.Answers) doctor.Trial {
	if what == doctor.TreeKill {
		return tryGroup(place.Bare(os.Getpid()), what)
	}
	// Nobody is in the group, so any figure will do that the kernel takes.
	size, count, share := int64(1<<30), int64(1000), cgroup.CPUPeriod
	want := place.Want{Source: place.Auto, PID: os.Getpid(), MustLimit: what != doctor.MemoryHigh, Answers: answers}
	switch what {
	case doctor.MemoryHigh:
		want.Limits.MemoryHigh = &size
	case doctor.MemoryMax:
		want.Limits.MemoryMax = &size
	case doctor.SwapMax:
		want.Limits.SwapMax = &size
	case doctor.PIDsMax:
		want.Limits.PIDsMax = &count
	case doctor.CPUMax:
		want.Limits.CPUMax = &share
	case doctor.Pressure:
		want.Pressure = &cgroup.Trigger{Full: true, Stall: 200 * time.Millisecond, Window: 2 * time.Second}
	}
	p, err := place.Find(want)
	if err != nil {
		t := doctor.Trial{Use: doctor.Refused}
		if no, ok := err.(*place.Error); ok {
			t.Whys, t.Cures = told(no.Refused)
		} else {
			t.Whys = []string{err.Error()}
		}
		return t
	}
	return tryGroup(p, what)
}

// tryGroup tries the place: where it is one for groups, one is made.
func tryGroup(p *place.Place, what string) (t doctor.Trial) {
	defer func() {
		if err := p.Close(); err != nil {
			t.Whys = append(t.Whys, err.Error())
		}
	}()
	uses := map[place.Source]doctor.Use{
		place.Cgroup: doctor.OwnGroup, place.Container: doctor.Container, place.Proc: doctor.Looks,
	}
	t = doctor.Trial{Use: uses[p.Source], How: p.How}
	t.Whys, t.Cures = told(p.Refused)
	if p.Source != place.Cgroup && what != doctor.TreeKill {
		return t
	}
	g, err := p.Create(1)
	if g == nil {
		if err != nil {
			t.Use, t.Whys = doctor.Refused, append(t.Whys, err.Error())
		}
		return t
	}
	t.Use = doctor.OwnGroup
	if err := g.Remove(); err != nil {
		t.Whys = append(t.Whys, err.Error())
	}
	_ = g.Close()
	return t
}

// told is what the place has to tell: what stood against it, and cures, each once.
func told(refused []place.Refusal) (whys, cures []string) {
	for _, r := range refused {
		whys = append(whys, r.String())
		if r.Cure != "" {
			cures = append(cures, r.Cure)
		}
	}
	return whys, cures
}

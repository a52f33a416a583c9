package doctor

import "strings"

// Use is what serves for a limit or a budget.
type Use string

const (
	// OwnGroup is a cgroup of its own for each generation.
	OwnGroup Use = "own-group"
	// Container is the cgroup around us, which is only read: a container's, or that
	// of a unit.
	Container Use = "container"
	// Looks is looks at each process in /proc.
	Looks Use = "proc"
	// Setrlimit is set in the command itself, before it runs.
	Setrlimit Use = "setrlimit"
	// Refused is status 125, with nothing started.
	Refused Use = "refused"
	// Unknown is that it is not told.
	Unknown Use = "not-told"
)

// words are the uses for people.
var words = map[Use]string{
	OwnGroup: "own group", Container: "group around us, read-only", Looks: "looks in /proc",
	Setrlimit: "set in the command", Refused: "refused", Unknown: "not told",
}

// Row is what would be used for one thing.
type Row struct {
	What string `json:"what"`
	Use  Use    `json:"use"`
	// Best reports whether nothing better exists anywhere.
	Best bool `json:"best"`
	// Note says where, or what stands against something better.
	Note string `json:"note,omitempty"`
}

// Advice is something to do, and what it is good for.
type Advice struct {
	For []string `json:"for"`
	Do  string   `json:"do"`
	// Lines are to be typed or written as they stand.
	Lines []string `json:"lines,omitempty"`
	// own says that the facts led to it, not what who tried has to say.
	own bool
}

// Report is what the doctor has to say.
type Report struct {
	Facts  Facts    `json:"facts"`
	Rows   []Row    `json:"uses"`
	Advice []Advice `json:"advice"`
}

// Works reports whether relance can run a command here at all: only a missing
// /proc keeps it from that.
func (r Report) Works() bool { return r.Facts.Proc }

// Diagnose makes a report of facts.
func Diagnose(f Facts) Report {
	r := Report{Facts: f, Advice: []Advice{}}
	for _, what := range tried {
		if what == TreeKill {
			r.Rows = append(r.Rows, f.oomKill())
		}
		r.Rows = append(r.Rows, f.row(what))
	}
	r.Rows = append(r.Rows, Row{What: Rlimit, Use: Setrlimit, Best: true, Note: "for each process by itself"})
	r.advise()
	return r
}

// row is what was tried.
func (f Facts) row(what string) Row {
	t := f.Trials[what]
	row := Row{What: what, Use: t.Use, Best: t.Use == OwnGroup, Note: t.How}
	if !row.Best && len(t.Whys) > 0 {
		row.Note = strings.Join(t.Whys, "; ")
	}
	if row.Use == "" {
		row.Use = Refused
	}
	switch {
	case what == SwapMax && row.Best && f.Swap == 0:
		row.Note = "no swap here: there is nothing to limit"
	case what == TreeKill && row.Use == Looks && row.Note == "":
		row.Note = "each process by itself, stopped first"
	}
	return row
}

// oomKill is whether the kernel killing for want of memory is told from any other
// SIGKILL: it is by the counters of a group.
func (f Facts) oomKill() Row {
	row := Row{What: OOMKill, Use: f.Trials[MemoryHigh].Use}
	switch row.Use {
	case OwnGroup:
		row.Best, row.Note = true, "counted for each generation"
	case Container:
		row.Note = "counted for all of it"
	default:
		row.Use, row.Note = Unknown, "it looks like any other SIGKILL"
	}
	return row
}

// lacking returns those of what that could be better.
func (r *Report) lacking(what ...string) (worse []string) {
	for _, row := range r.Rows {
		for _, w := range what {
			if row.What == w && !row.Best {
				worse = append(worse, w)
			}
		}
	}
	return worse
}

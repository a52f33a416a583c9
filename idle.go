//go:build relance_idle

package main

import (
	"math"
	_ "unsafe" // for linkname
)

// The runtime's monitor thread wakes every half of this period, once a minute,
// only to see whether a garbage collection is due although nothing was
// allocated. An idle supervisor has nothing to collect and should not wake. The
// linker allows the reference only with -checklinkname=0, so a plain "go build"
// leaves this file out and wakes once a minute; "make build" does not.
//
//go:linkname forcegcperiod runtime.forcegcperiod
var forcegcperiod int64

func init() { forcegcperiod = math.MaxInt64 }

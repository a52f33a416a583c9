package tree

import (
	"os"
	"strconv"
	"testing"
)

// The cost of a scan and of a measurement for so many members. The machine's
// other processes are read too; their number is reported.
func BenchmarkTree(b *testing.B) {
	for _, n := range []int{1, 100, 500} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h := start(b, nil, "herd", strconv.Itoa(n-1))
			h.want(b, "ready")
			w := walker(b, os.Getpid())
			run := func(name string, f func() error) {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := f(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(len(w.procs)), "procs")
					b.ReportMetric(float64(len(w.found)), "members")
				})
			}
			run("Members", func() error { _, err := w.Members(); return err })
			run("Bound", func() error { _, err := w.Measure(0); return err })
			run("Exact", func() error { _, err := w.Measure(1); return err })
			run("Signal0", func() error { _, err := w.Signal(0); return err })
		})
	}
}

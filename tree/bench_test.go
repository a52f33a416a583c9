package tree

import (
	"os"
	"strconv"
	"testing"
)

// The cost of a scan and of a measurement for so many members, and of telling two
// generations apart. The machine's other processes are read too; their number is
// reported.
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
			run("Members", func() error { _, err := w.Members(All); return err })
			run("Bound", func() error { _, err := w.Measure(All, 0); return err })
			run("Exact", func() error { _, err := w.Measure(All, 1); return err })
			run("Signal0", func() error { _, err := w.Signal(All, 0); return err })
			begin(b, w, 1, "", "sleep").number(b, "pid")
			run("One", func() error { _, err := w.Members(1); return err })
			begin(b, w, 2, "", "sleep").number(b, "pid")
			run("OneOfTwo", func() error { _, err := w.Members(1); return err })
		})
	}
}

// The cost of counting the descriptors of one process: by asking the kernel for
// the number, by its list, and each looked at for a socket. Half are sockets.
func BenchmarkCount(b *testing.B) {
	for _, n := range []int{200, 10000} {
		h, _, _ := hoarder(b, n/2, n/2, 0, 2*n)
		w := walker(b, os.Getpid())
		w.Ask(Ask{Files: true, Sockets: true})
		members, err := w.Members(All)
		if err != nil || len(members) != 1 {
			b.Fatal(members, err)
		}
		run := func(name string, f func() error) {
			b.Run(strconv.Itoa(n)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		counted := func(a Ask) func() error {
			return func() error {
				w.Ask(a)
				_, err := w.count(members)
				return err
			}
		}
		run("Tasks", counted(Ask{}))
		run("Files", counted(Ask{Files: true}))
		run("Share", counted(Ask{Files: true, ByShare: true}))
		run("FilesByList", func() error { return w.proc.eachFile(h.pid, func(int, []byte) bool { return true }) })
		run("Sockets", counted(Ask{Sockets: true}))
		run("CPU", counted(Ask{CPU: true}))
		finish(b, w)
	}
}

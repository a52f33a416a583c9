package output

import (
	"bytes"
	"fmt"
	"regexp"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkCarry is what it costs to carry lines of 100 bytes to a pipe, and to
// count those that match: some, or none.
func BenchmarkCarry(b *testing.B) {
	line := fmt.Sprintf("127.0.0.1 - - [10/Oct/2024:13:55:36 +0000] \"GET /index.html HTTP/1.1\" 200 2326 %020d\n", 1)
	text := bytes.Repeat([]byte(line), bufferSize/len(line))
	for _, test := range []struct {
		name string
		want Want
	}{
		{"plain", Want{Silence: true}},
		{"literal", Want{Stdout: true, Matches: regexp.MustCompile(`" 200 `).Match}},
		{"classes", Want{Stdout: true, Matches: regexp.MustCompile(`"(GET|POST) [^"]*" [0-9]{3} `).Match}},
		{"whole", Want{Whole: true}},
		{"prefix", Want{Whole: true, Prefix: "3 | "}},
		{"all", Want{Stdout: true, Matches: func([]byte) bool { return true }}},
	} {
		b.Run(test.name, func(b *testing.B) {
			test.want.Count = func(int, int64) {}
			rd, w := pipe(b)
			over := make(chan struct{})
			go func() {
				defer close(over)
				buf := make([]byte, bufferSize)
				for n, err := 1, error(nil); n > 0 || err == unix.EINTR; n, err = unix.Read(rd, buf) {
				}
				unix.Close(rd)
			}()
			r := carryFor(b, w, -1, test.want)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := unix.Write(r.end(1), text); err != nil {
					b.Fatal(err)
				}
			}
			r.close()
			unix.Close(w)
			<-over
		})
	}
}

// BenchmarkAll is the same for four at once, which wait for each other.
func BenchmarkAll(b *testing.B) {
	text := bytes.Repeat([]byte(fmt.Sprintf("%099d\n", 1)), bufferSize/100)
	rd, w := pipe(b)
	over := make(chan struct{})
	go func() {
		defer close(over)
		buf := make([]byte, bufferSize)
		for n, err := 1, error(nil); n > 0 || err == unix.EINTR; n, err = unix.Read(rd, buf) {
		}
		unix.Close(rd)
	}()
	c := carryAll(b, 4, w, -1, nil)
	b.SetBytes(int64(len(text)))
	var next atomic.Int32
	b.SetParallelism(2)
	b.RunParallel(func(pb *testing.PB) {
		r := c.each[int(next.Add(1))%len(c.each)]
		for pb.Next() {
			writePieces(b, r.end(1), text, len(text))
		}
	})
	c.close()
	unix.Close(w)
	<-over
}

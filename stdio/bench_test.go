package stdio

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// bare is cat between two pipes, behind another cat if need be.
func bare(b *testing.B, first ...string) (in io.WriteCloser, out *bufio.Reader) {
	b.Helper()
	cmd := exec.Command("cat")
	if len(first) > 0 {
		cmd = exec.Command("sh", "-c", "cat | cat")
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	r, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return in, bufio.NewReaderSize(r, 64<<10)
}

func carried(b *testing.B) (in io.WriteCloser, out *bufio.Reader) {
	r := connect(b, lines(Error))
	r.start("cat")
	return r.in, r.answers
}

var ways = []struct {
	name string
	open func(b *testing.B) (io.WriteCloser, *bufio.Reader)
}{
	{"cat", func(b *testing.B) (io.WriteCloser, *bufio.Reader) { return bare(b) }},
	{"cat_cat", func(b *testing.B) (io.WriteCloser, *bufio.Reader) { return bare(b, "cat") }},
	{"relance_cat", carried},
}

const benchLine = "http://www.example.com/some/path 192.0.2.1/- - GET\n"

// BenchmarkStream sends lines as fast as they go.
func BenchmarkStream(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			in, out := way.open(b)
			b.SetBytes(int64(len(benchLine)))
			b.ReportAllocs()
			go func() {
				block := strings.Repeat(benchLine, 1000)
				for left := b.N; left > 0; left -= 1000 {
					_, _ = io.WriteString(in, block[:len(benchLine)*min(left, 1000)])
				}
			}()
			if _, err := io.CopyN(io.Discard, out, int64(b.N*len(benchLine))); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkPingPong sends a line when the answer to the one before has come.
func BenchmarkPingPong(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			in, out := way.open(b)
			for b.Loop() {
				_, _ = io.WriteString(in, benchLine)
				if line, err := out.ReadSlice('\n'); string(line) != benchLine {
					b.Fatal(err)
				}
			}
		})
	}
}

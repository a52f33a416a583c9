package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

const (
	// linesAtOnce are written as fast as they are taken; each has 64 bytes.
	linesAtOnce = 200000
	// linesInTurn are each written when the last one has come back.
	linesInTurn = 3000
	// requestsServed are asked of a server one by one.
	requestsServed = 3000
	lineSize       = 64
	// requestBlocks is how often all of them are measured.
	requestBlocks = 7
)

// measureRequests takes what relance costs that counts requests: where it carries
// them, beside the command alone, and where a server tells of them, beside one that
// does not.
func (b *bench) measureRequests() {
	fmt.Printf("requests: %d blocks, interleaved: %d lines at once and %d one by one through cat, %d requests to a server\n",
		requestBlocks, linesAtOnce, linesInTurn, requestsServed)
	self, err := os.Executable()
	if err != nil {
		fmt.Printf("left out: %v\n", err)
		return
	}
	carried := b.relancePeer("--stdio lines --lost-reply LOST")
	b.tableOf("lines at once", "ns a line", []timed{
		{"cat", []string{"cat"}, atOnce}, {"relance --stdio lines", b.behind(carried, "cat"), atOnce},
	})
	b.tableOf("one by one", "ns a line", []timed{
		{"cat", []string{"cat"}, inTurn}, {"relance --stdio lines", b.behind(carried, "cat"), inTurn},
	})
	counting := b.relancePeer("--notify yes")
	b.tableOf("told by a server", "ns a request", []timed{
		{"nothing told", []string{self, serverWord, "nothing"}, ofServer},
		{"notify", b.behind(counting, self, serverWord, "notify"), ofServer},
		{"notify, begin and end", b.behind(counting, self, serverWord, "notify-both"), ofServer},
		{"stream, begin and end", b.behind(counting, self, serverWord, "stream"), ofServer},
	})
}

// behind are the words of a command behind a peer.
func (b *bench) behind(p peer, command ...string) []string {
	return append(append([]string{p.program}, p.args...), command...)
}

// timed is a command, and how it is measured: the time of one request.
type timed struct {
	name    string
	words   []string
	measure func(words []string) (time.Duration, error)
}

// tableOf measures all of them in turn, again and again, and compares them with the first.
func (b *bench) tableOf(title, unit string, all []timed) {
	samples := map[string][]time.Duration{}
	for block := range requestBlocks {
		for i := range all {
			m := all[(block+i)%len(all)]
			took, err := m.measure(m.words)
			if err != nil {
				fmt.Printf("%s: %v\n", m.name, err)
				continue
			}
			samples[m.name] = append(samples[m.name], took)
		}
	}
	first := quartilesOf(samples[all[0].name])
	rows := [][]string{{title, unit, "quartiles", "a second", "added ns", "x"}}
	for _, m := range all {
		q := quartilesOf(samples[m.name])
		perSecond := "-"
		if q.mid > 0 {
			perSecond = strconv.FormatInt(int64(time.Second/q.mid), 10)
		}
		rows = append(rows, []string{
			m.name, nano(q.mid), nano(q.low) + ".." + nano(q.upper), perSecond, nano(q.mid - first.mid), ratio(q.mid, first.mid),
		})
	}
	writeTable(os.Stdout, rows)
}

func nano(d time.Duration) string { return strconv.FormatInt(d.Nanoseconds(), 10) }

// converse starts a command with us at both of its ends, and lets it end. What is
// timed has been started before, and has answered once.
func converse(words []string, talk func(in io.Writer, out *bufio.Reader) (time.Duration, error)) (time.Duration, error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	answers := bufio.NewReaderSize(out, 64<<10)
	took, err := time.Duration(0), echoed(in, answers)
	if err == nil {
		took, err = talk(in, answers)
	}
	in.Close()
	if waited := cmd.Wait(); err == nil {
		err = waited
	}
	return took, err
}

var oneLine = append(bytes.Repeat([]byte{'x'}, lineSize-1), '\n')

// echoed writes a line and waits until it is back.
func echoed(in io.Writer, out *bufio.Reader) error {
	if _, err := in.Write(oneLine); err != nil {
		return err
	}
	got, err := out.ReadSlice('\n')
	if err == nil && !bytes.Equal(got, oneLine) {
		err = fmt.Errorf("got %q back", got)
	}
	return err
}

// atOnce is the time of a line where many are on their way.
func atOnce(words []string) (time.Duration, error) {
	return converse(words, func(in io.Writer, out *bufio.Reader) (time.Duration, error) {
		began := time.Now()
		written := make(chan error, 1)
		go func() {
			// As much as a pipe takes at once.
			const chunk = 1000
			text := bytes.Repeat(oneLine, chunk)
			var err error
			for n := 0; n < linesAtOnce && err == nil; n += chunk {
				_, err = in.Write(text)
			}
			written <- err
		}()
		for range linesAtOnce {
			if got, err := out.ReadSlice('\n'); err != nil || !bytes.Equal(got, oneLine) {
				return 0, fmt.Errorf("got %q back: %v", got, err)
			}
		}
		return time.Since(began) / linesAtOnce, <-written
	})
}

// inTurn is the time of a line where each waits for the one before.
func inTurn(words []string) (time.Duration, error) {
	return converse(words, func(in io.Writer, out *bufio.Reader) (time.Duration, error) {
		began := time.Now()
		for range linesInTurn {
			if err := echoed(in, out); err != nil {
				return 0, err
			}
		}
		return time.Since(began) / linesInTurn, nil
	})
}

// ofServer is the time of a request to a server, as that says itself.
func ofServer(words []string) (time.Duration, error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(string(out))
}

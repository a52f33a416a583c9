package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// workTime is how long a farewell writes.
const workTime = time.Second

// A farewell is what a program still has to do when it is asked to leave, as a
// server that writes its state to a file: it takes memory and a while.
type farewell struct {
	bytes, budget size
	into          string
	current       *os.File     // memory.current of our group
	below         atomic.Int64 // when it was last below the budget
	asked         atomic.Bool
}

func (f *farewell) flags(fs *flag.FlagSet) {
	fs.Var(&f.bytes, "last", "on TERM take that much more, write for a second, and leave")
	fs.Var(&f.budget, "budget", "say how long after our cgroup2 group was last below that much TERM came")
	fs.StringVar(&f.into, "into", os.DevNull, "the file to write to")
}

// prepare catches TERM, where there is a farewell to say.
func (f *farewell) prepare() error {
	if f.bytes == 0 {
		return nil
	}
	if f.budget > 0 {
		group, err := ownGroup()
		if err != nil {
			return err
		}
		if f.current, err = os.Open(group + "/memory.current"); err != nil {
			return err
		}
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		f.asked.Store(true)
		os.Exit(f.say(time.Now()))
	}()
	return nil
}

// look is called before each step, and notes whether the budget is still to be
// reached. Who says farewell does not come back from it.
func (f *farewell) look() {
	if f.asked.Load() {
		forever()
	}
	if f.current == nil {
		return
	}
	now := time.Now()
	var text [32]byte
	n, _ := f.current.ReadAt(text[:], 0)
	if used, err := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64); err == nil && used < int64(f.budget) {
		f.below.Store(now.UnixNano())
	}
}

// say prints two lines, the first before it does anything that takes long.
func (f *farewell) say(asked time.Time) int {
	fmt.Printf("asked %d us after the group was last seen below the budget\n", (asked.UnixNano()-f.below.Load())/1000)
	if _, err := touch(f.bytes, syscall.MAP_PRIVATE); err != nil {
		return complain(err)
	}
	file, err := os.Create(f.into)
	if err != nil {
		return complain(err)
	}
	block := make([]byte, 64<<10)
	for time.Since(asked) < workTime {
		if _, err := file.Write(block); err != nil {
			return complain(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("left after", time.Since(asked).Round(time.Millisecond))
	return 0
}

// ownGroup returns the folder of our cgroup2 group.
func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return "/sys/fs/cgroup" + path, nil
		}
	}
	return "", errors.New("no cgroup2 in /proc/self/cgroup")
}

package cgroup_test

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// used is how much the helpers of this file use.
const used = 32 << 20

// use uses memory of a kind.
func use(mode string) {
	switch mode {
	case "anon":
		touch(used)
	case "shmem":
		fd, err := unix.MemfdCreate("shmem", 0)
		must(err)
		fill(os.NewFile(uintptr(fd), "shmem"))
	case "file":
		// A disk, since the files of a tmpfs are shared memory.
		folder := os.TempDir()
		if _, err := os.Stat("/data"); err == nil {
			folder = "/data"
		}
		f, err := os.CreateTemp(folder, "file")
		must(err)
		must(os.Remove(f.Name()))
		fill(f)
		must(f.Sync()) // what is not written yet cannot be taken back at once
		_, err = f.Seek(0, io.SeekStart)
		must(err)
		_, err = io.Copy(io.Discard, f)
		must(err)
	}
}

func fill(f *os.File) {
	block := make([]byte, 1<<20)
	for range used / len(block) {
		_, err := f.Write(block)
		must(err)
	}
}

// touch makes n bytes of anonymous memory ours.
func touch(n int) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	must(err)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
}

// mostLeaked is how much the helper that is to leave leaks, however late it is asked to: what
// it needs beside that fits below the memory.max of its test.
const mostLeaked = 40 << 20

// leave leaks until it is asked to leave, and then has still work to do, which
// takes some memory and a while: these pauses are the work.
func leave() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGTERM)
	for leaked := 0; ; {
		select {
		case <-asked:
			for range 8 {
				touch(1 << 20)
				time.Sleep(100 * time.Millisecond)
			}
			fmt.Printf("left %d\n", os.Getpid())
			os.Exit(0)
		case <-time.After(2 * time.Millisecond):
			if leaked < mostLeaked {
				leaked += 1 << 20
				touch(1 << 20)
			}
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// burn uses so much CPU time.
func burn(d time.Duration) {
	for {
		var r unix.Rusage
		must(unix.Getrusage(unix.RUSAGE_SELF, &r))
		if time.Duration(r.Utime.Nano()+r.Stime.Nano()) >= d {
			return
		}
	}
}

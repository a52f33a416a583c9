package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// hoard leaks what a budget can count. Its threads wait in a system call, each in one of its own.
func hoard(fs *flag.FlagSet, words []string) int {
	files := fs.Int("files", 0, "how many files")
	sockets := fs.Int("sockets", 0, "how many sockets")
	threads := fs.Int("threads", 0, "how many threads")
	raise := fs.Uint64("raise", 0, "set the soft RLIMIT_NOFILE to this, first of all")
	parse(fs, words, 0)
	more := make(chan os.Signal, 8)
	signal.Notify(more, syscall.SIGUSR1)
	if *raise > 0 {
		var limit syscall.Rlimit
		err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
		if err == nil {
			limit.Cur = *raise
			err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
		}
		if err != nil {
			return complain(fmt.Errorf("set RLIMIT_NOFILE to %d: %w", *raise, err))
		}
	}
	if err := take(*files, *sockets, *threads); err != nil {
		return complain(err)
	}
	ready()
	for range more {
		if err := take(*files, *sockets, *threads); err != nil {
			return complain(err)
		}
		fmt.Println("hoarded")
	}
	return 0
}

func take(files, sockets, threads int) error {
	for range files {
		if _, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("open a file: %w", err)
		}
	}
	for range sockets {
		if _, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
			return fmt.Errorf("open a socket: %w", err)
		}
	}
	for range threads {
		begun := make(chan bool)
		go func() {
			runtime.LockOSThread()
			begun <- true
			for {
				syscall.Select(0, nil, nil, nil, nil)
			}
		}()
		<-begun
	}
	return nil
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func spinCPU(fs *flag.FlagSet, words []string) int {
	threads := fs.Int("threads", 1, "how many")
	handler := fs.Bool("handler", false, "catch XCPU and exit 0")
	parse(fs, words, 0)
	// One processor is left for the goroutine that waits for XCPU.
	runtime.GOMAXPROCS(*threads + 1)
	if *handler {
		exitOn(syscall.SIGXCPU)
	} else {
		defaultAction(syscall.SIGXCPU)
	}
	ready()
	for range *threads {
		go func() {
			for n := uint64(0); ; n++ {
				if n == 1<<63 {
					panic("some centuries of work")
				}
			}
		}()
	}
	forever()
	return 0
}

func bigFile(fs *flag.FlagSet, words []string) int {
	handler := fs.Bool("handler", false, "ignore XFSZ, print EFBIG and exit 0")
	path := parse(fs, words, 1)[0]
	if *handler {
		signal.Ignore(syscall.SIGXFSZ)
	} else {
		defaultAction(syscall.SIGXFSZ)
	}
	f, err := os.Create(path)
	if err != nil {
		return complain(err)
	}
	ready()
	block := make([]byte, 64<<10)
	for {
		_, err := f.Write(block)
		if errors.Is(err, syscall.EFBIG) {
			fmt.Println("EFBIG")
			return 0
		}
		if err != nil {
			return complain(err)
		}
	}
}

func exitWith(fs *flag.FlagSet, words []string) int {
	status, err := strconv.Atoi(parse(fs, words, 1)[0])
	if err != nil {
		return complain(err)
	}
	ready()
	return status
}

func crashAfter(fs *flag.FlagSet, words []string) int {
	status := fs.Int("status", 1, "exit status")
	after, err := time.ParseDuration(parse(fs, words, 1)[0])
	if err != nil {
		return complain(err)
	}
	ready()
	time.Sleep(after)
	return *status
}

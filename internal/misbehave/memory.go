package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A size is a flag of bytes with K, M or G (base 1024).
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

func (s *size) Set(word string) error {
	digits := strings.TrimRight(word, "KMG")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || len(word)-len(digits) > 1 {
		return fmt.Errorf("size %q: want a number of bytes, or one with K, M or G", word)
	}
	switch word[len(digits):] {
	case "K":
		n <<= 10
	case "M":
		n <<= 20
	case "G":
		n <<= 30
	}
	*s = size(n)
	return nil
}

func eatMemory(fs *flag.FlagSet, words []string) int {
	return eat(fs, words, syscall.MAP_PRIVATE)
}

// eatShmem eats what cgroups count as shmem: it is file memory by its kind, yet cannot be reclaimed without swap.
func eatShmem(fs *flag.FlagSet, words []string) int {
	return eat(fs, words, syscall.MAP_SHARED)
}

func eat(fs *flag.FlagSet, words []string, kind int) int {
	rate, chunk, limit := size(100<<20), size(1<<20), size(0)
	fs.Var(&rate, "rate", "bytes per second; 0 is as fast as it goes")
	fs.Var(&chunk, "chunk", "bytes at a time")
	fs.Var(&limit, "max", "stop growing here and wait; 0 never stops")
	handler := fs.Bool("handler", false, "catch TERM and exit 0")
	var last farewell
	last.flags(fs)
	parse(fs, words, 0)
	if chunk == 0 {
		return complain(fmt.Errorf("--chunk 0: nothing to eat"))
	}
	if *handler {
		exitOn(syscall.SIGTERM)
	}
	if err := last.prepare(); err != nil {
		return complain(err)
	}
	ready()
	start := time.Now()
	for eaten := size(0); limit == 0 || eaten < limit; eaten += chunk {
		if _, err := touch(chunk, kind); err != nil {
			fmt.Fprintf(os.Stderr, "misbehave: map %d bytes after %d: %v\n", chunk, eaten, err)
			return 1
		}
		last.look()
		if rate > 0 {
			// Measured from the start, so that lost time is made up for.
			due := time.Duration(float64(eaten+chunk) / float64(rate) * float64(time.Second))
			time.Sleep(time.Until(start.Add(due)))
		}
	}
	forever()
	return 0
}

// touch makes that much memory of a kind ours.
func touch(bytes size, kind int) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, int(bytes), syscall.PROT_READ|syscall.PROT_WRITE, kind|syscall.MAP_ANON)
	if err != nil {
		return nil, err
	}
	// A huge page would count 2 MiB for the first byte.
	syscall.Madvise(memory, 15 /* MADV_NOHUGEPAGE */)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	return memory, nil
}

func mapFile(fs *flag.FlagSet, words []string) int {
	again := fs.Bool("loop", false, "read it again and again")
	path := parse(fs, words, 1)[0]
	f, err := os.Open(path)
	if err != nil {
		return complain(err)
	}
	info, err := f.Stat()
	if err != nil {
		return complain(err)
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return complain(fmt.Errorf("map %s: %w", path, err))
	}
	ready()
	sum := readPages(memory)
	fmt.Printf("mapped %d\n", len(memory))
	for *again {
		sum += readPages(memory)
	}
	forever()
	return int(sum)
}

func readPages(memory []byte) (sum byte) {
	for i := 0; i < len(memory); i += os.Getpagesize() {
		sum += memory[i]
	}
	return sum
}

// exitOn exits with 0 when the signal comes.
func exitOn(sig syscall.Signal) {
	came := make(chan os.Signal, 1)
	signal.Notify(came, sig)
	go func() {
		<-came
		os.Exit(0)
	}()
}

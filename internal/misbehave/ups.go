package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// eatAtOnce never comes back to where the kernel holds up who is above
// memory.high: it goes past it in one system call, up to memory.max.
func eatAtOnce(fs *flag.FlagSet, words []string) int {
	var bytes size
	if err := bytes.Set(parse(fs, words, 1)[0]); err != nil {
		return complain(err)
	}
	ready()
	_, err := syscall.Mmap(-1, 0, int(bytes), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_POPULATE)
	if err != nil {
		return complain(err)
	}
	fmt.Println("eaten", int64(bytes))
	forever()
	return 0
}

// swell is the program that needs much, but not for long.
func swell(fs *flag.FlagSet, words []string) int {
	var bytes size
	if err := bytes.Set(parse(fs, words, 1)[0]); err != nil {
		return complain(err)
	}
	asked := make(chan os.Signal, 16)
	signal.Notify(asked, syscall.SIGUSR1)
	ready()
	for {
		<-asked
		memory, err := touch(bytes, syscall.MAP_PRIVATE)
		if err != nil {
			return complain(err)
		}
		fmt.Println("swollen")
		<-asked
		if err := syscall.Munmap(memory); err != nil {
			return complain(err)
		}
		fmt.Println("shrunk")
	}
}

// churn has nothing but page cache, of which it wants ever more.
func churn(fs *flag.FlagSet, words []string) int {
	length, total := size(256<<20), size(2<<30)
	fs.Var(&length, "size", "of the file")
	fs.Var(&total, "total", "bytes to write and to read")
	path := parse(fs, words, 1)[0]
	f, err := os.Create(path)
	if err != nil {
		return complain(err)
	}
	defer os.Remove(path)
	ready()
	block := make([]byte, 1<<20)
	done := size(0)
	for done < total {
		for _, step := range []func([]byte, int64) (int, error){f.WriteAt, f.ReadAt} {
			for at := size(0); at < length && done < total; at += size(len(block)) {
				if _, err := step(block, int64(at)); err != nil && err != io.EOF {
					return complain(err)
				}
				done += size(len(block))
			}
		}
	}
	fmt.Println("churned", int64(done))
	return 0
}

// pressure does what systemd's MEMORY_PRESSURE asks of a program, and makes the
// pressure as well.
func pressure(fs *flag.FlagSet, words []string) int {
	path := parse(fs, words, 1)[0]
	watch, err := os.OpenFile(os.Getenv("MEMORY_PRESSURE_WATCH"), os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return complain(err)
	}
	trigger, err := base64.StdEncoding.DecodeString(os.Getenv("MEMORY_PRESSURE_WRITE"))
	if err == nil {
		_, err = syscall.Write(int(watch.Fd()), trigger)
	}
	if err != nil {
		return complain(fmt.Errorf("write the trigger to %s: %w", watch.Name(), err))
	}
	epoll, err := syscall.EpollCreate1(0)
	if err == nil {
		event := syscall.EpollEvent{Events: syscall.EPOLLPRI}
		err = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, int(watch.Fd()), &event)
	}
	if err != nil {
		return complain(err)
	}
	fmt.Println("watching", watch.Name())
	go mapFile(flag.NewFlagSet("map-file", flag.ContinueOnError), []string{"--loop", path})
	events := make([]syscall.EpollEvent, 1)
	for {
		n, err := syscall.EpollWait(epoll, events, -1)
		if err != nil && err != syscall.EINTR {
			return complain(err)
		}
		if n > 0 && events[0].Events&syscall.EPOLLPRI != 0 {
			fmt.Println("pressed")
			return 0
		}
	}
}

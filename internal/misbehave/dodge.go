package main

import (
	"flag"
	"runtime"
	"syscall"
	"unsafe"
)

// dodge works between two ticks of the kernel and sleeps over each tick, so that the kernel, which charges a tick to
// whoever runs when it comes, charges it to others.
func dodge(fs *flag.FlagSet, words []string) int {
	threads := fs.Int("threads", 1, "how many, best one for each CPU")
	parse(fs, words, 0)
	var tick syscall.Timespec
	const monotonicCoarse = 6 // moves at the ticks: its resolution is one
	syscall.Syscall(syscall.SYS_CLOCK_GETRES, monotonicCoarse, uintptr(unsafe.Pointer(&tick)), 0)
	if tick.Nano() == 0 {
		return complain(syscall.ENOTSUP)
	}
	runtime.GOMAXPROCS(*threads + 1)
	ready()
	for range *threads {
		go func() {
			runtime.LockOSThread()
			for {
				last := monotonic() / tick.Nano() * tick.Nano()
				sleepUntil(last + tick.Nano()*21/20)
				for monotonic() < last+tick.Nano()*19/10 {
				}
			}
		}()
	}
	forever()
	return 0
}

// clockMonotonic is CLOCK_MONOTONIC, by which the ticks come at whole multiples of their length.
const clockMonotonic = 1

func monotonic() int64 {
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func sleepUntil(moment int64) {
	const absolute = 1
	until := syscall.NsecToTimespec(moment)
	syscall.Syscall6(syscall.SYS_CLOCK_NANOSLEEP, clockMonotonic, absolute, uintptr(unsafe.Pointer(&until)), 0, 0, 0)
}

package ptytest

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// helpers are small programs: the test binary under another name. They say
// "ready pid=N" when the test may go on.
var helpers = map[string]func(args []string){
	"catch": catch,
	"key":   key,
	"owner": owner,
}

func ready() { fmt.Printf("ready pid=%d\n", os.Getpid()) }

func check(err error) {
	if err != nil {
		fmt.Println("helper:", err)
		os.Exit(99)
	}
}

// catch prints the signals it is told to, as they come; "INT:3" is the last one,
// after which it exits with 3. All others have their default action.
func catch(args []string) {
	last := map[os.Signal]string{}
	came := make(chan os.Signal, 100)
	for _, word := range args {
		name, status, isLast := strings.Cut(word, ":")
		sig := unix.SignalNum("SIG" + name)
		if isLast {
			last[sig] = status
		}
		signal.Notify(came, sig)
	}
	ready()
	for sig := range came {
		fmt.Println("caught", strings.TrimPrefix(unix.SignalName(sig.(unix.Signal)), "SIG"))
		if status, ok := last[sig]; ok {
			n, err := strconv.Atoi(status)
			check(err)
			os.Exit(n)
		}
	}
}

// key reads all of its input, as a pager does, and then one key from the
// terminal.
func key([]string) {
	lines := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		lines++
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	check(err)
	modes, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	check(err)
	raw := *modes
	raw.Lflag &^= unix.ICANON | unix.ECHO
	check(unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETSW, &raw))
	// A shell need not restore the modes of a job, and bash does not always.
	again := make(chan os.Signal, 1)
	signal.Notify(again, unix.SIGCONT)
	go func() {
		for range again {
			check(unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETSW, &raw))
			fmt.Fprintf(tty, "press a key\n")
		}
	}()
	fmt.Fprintf(tty, "%d lines, press a key\n", lines)
	var b [1]byte
	_, err = tty.Read(b[:])
	check(err)
	check(unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETSW, modes))
	fmt.Fprintf(tty, "pressed %q\n", b)
}

// owner says in what state it finds the terminal, takes it for itself as a
// full-screen program does, and never gives it back. With "group" it does so in
// a process group of its own, as a shell does.
func owner(args []string) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	check(err)
	fd := int(tty.Fd())
	modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	check(err)
	foreground, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	check(err)
	fmt.Printf("canonical=%t echo=%t foreground=%t\n",
		modes.Lflag&unix.ICANON != 0, modes.Lflag&unix.ECHO != 0, foreground == unix.Getpgrp())
	if len(args) > 0 && args[0] == "group" {
		signal.Ignore(unix.SIGTTOU)
		check(unix.Setpgid(0, 0))
		check(unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, os.Getpid()))
	}
	modes.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
	modes.Iflag &^= unix.ICRNL | unix.IXON
	modes.Oflag &^= unix.OPOST
	check(unix.IoctlSetTermios(fd, unix.TCSETSW, modes))
	ready()
	time.Sleep(time.Hour)
}

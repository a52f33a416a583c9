// Go cannot fork without exec, so every second and third process here is misbehave again, called by a name of the
// table below. All of them end by themselves: with --life, or when what they wait for is gone.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// seconds are the roles of the processes that misbehave starts. Filled by init, since the roles start each other.
var seconds map[string]func(words []string) int

func init() {
	seconds = map[string]func([]string) int{
		"__middle": middle, "__orphan": orphan, "__listen": listen, "__hold": hold, "__short": func([]string) int { return 0 },
	}
}

// again returns this program in another role, with files from descriptor 3 on and nothing at 0, 1 and 2.
func again(files []*os.File, words ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", words...)
	cmd.Args[0] = os.Args[0]
	cmd.ExtraFiles = files
	return cmd
}

// middle is the first half of a double fork: it starts its words N times, as it is told, and exits. The descriptors 3
// and 4 are theirs; 5, where there is one, is its own.
func middle(words []string) int {
	syscall.CloseOnExec(5)
	n, _ := strconv.Atoi(words[0])
	files := []*os.File{os.NewFile(3, "3"), os.NewFile(4, "4")}
	for range n {
		if err := again(files, words[1:]...).Start(); err != nil {
			return complain(err)
		}
	}
	return 0
}

// orphans makes sure that the grandchildren die after they were reparented: each waits for the end of a pipe that only
// middle holds open. It prints when all are dead, which it sees as the end of a pipe that only they hold open.
func orphans(fs *flag.FlagSet, words []string) int {
	leave := fs.Bool("exit", false, "exit 0 instead of waiting")
	n, err := strconv.Atoi(parse(fs, words, 1)[0])
	if err != nil {
		return complain(err)
	}
	gateR, gateW, err := os.Pipe()
	if err != nil {
		return complain(err)
	}
	deadR, deadW, err := os.Pipe()
	if err != nil {
		return complain(err)
	}
	ready()
	cmd := again([]*os.File{gateR, deadW, gateW}, "__middle", strconv.Itoa(n), "__orphan")
	if err := cmd.Start(); err != nil {
		return complain(err)
	}
	gateW.Close()
	deadW.Close()
	if err := cmd.Wait(); err != nil {
		return complain(err)
	}
	io.Copy(io.Discard, deadR)
	fmt.Printf("orphaned %d\n", n)
	if !*leave {
		forever()
	}
	return 0
}

func orphan([]string) int {
	io.Copy(io.Discard, os.NewFile(3, "gate"))
	return 0
}

// daemon prints the pid that its daemon sent through a pipe, as a program does that waits until its daemon listens.
func daemon(fs *flag.FlagSet, words []string) int {
	port := fs.Int("port", 0, "TCP port on 127.0.0.1; 0 takes a free one")
	setsid := fs.Bool("setsid", false, "in a session of its own")
	leave := fs.Bool("exit", false, "exit 0 instead of waiting")
	parse(fs, words, 0)
	ready()
	said, err := background(*setsid, os.Stdin, "__listen", strconv.Itoa(*port))
	if err != nil {
		return complain(err)
	}
	fmt.Println(said)
	if !*leave {
		forever()
	}
	return 0
}

// background double-forks a role, hands it keep as descriptor 4, and returns the line that it writes to descriptor 3.
func background(setsid bool, keep *os.File, words ...string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd := again([]*os.File{w, keep}, append([]string{"__middle", "1"}, words...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
	if err := cmd.Run(); err != nil {
		return "", err
	}
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the line of %s: %w", words[0], err)
	}
	line = strings.TrimSpace(line)
	if said, bad := strings.CutPrefix(line, "error: "); bad {
		return "", errors.New(said)
	}
	return line, nil
}

// life is the longest that a process lives which nobody waits for.
const life = 10 * time.Minute

func listen(words []string) int {
	pipe := os.NewFile(3, "pipe")
	os.NewFile(4, "keep").Close()
	l, err := net.Listen("tcp4", "127.0.0.1:"+words[0])
	if err != nil {
		fmt.Fprintf(pipe, "error: %v\n", err)
		return 1
	}
	fmt.Fprintf(pipe, "daemon pid=%d port=%d\n", os.Getpid(), l.Addr().(*net.TCPAddr).Port)
	pipe.Close()
	time.AfterFunc(life, func() { os.Exit(usageStatus) })
	for {
		c, err := l.Accept()
		if err != nil {
			return complain(err)
		}
		fmt.Fprintf(c, "pid=%d\n", os.Getpid())
		c.Close()
	}
}

// holdPipe is the program after whose exit a reader of its output never sees the end.
func holdPipe(fs *flag.FlagSet, words []string) int {
	fd := fs.Int("fd", 1, "the descriptor to keep")
	parse(fs, words, 0)
	ready()
	said, err := background(false, os.NewFile(uintptr(*fd), "kept"), "__hold", strconv.Itoa(*fd))
	if err != nil {
		return complain(err)
	}
	fmt.Println(said)
	return 0
}

func hold(words []string) int {
	pipe := os.NewFile(3, "pipe")
	fmt.Fprintf(pipe, "holding fd=%s pid=%d\n", words[0], os.Getpid())
	pipe.Close()
	time.Sleep(life)
	return usageStatus
}

func forkLoop(fs *flag.FlagSet, words []string) int {
	limit := fs.Int("max", 0, "how many in all; 0 is for ever")
	atOnce := fs.Int("at-once", 1, "how many may live at a time")
	parse(fs, words, 0)
	ready()
	var alive []*exec.Cmd
	done := 0
	for limit := *limit; limit == 0 || done < limit; {
		cmd := again(nil, "__short")
		err := cmd.Start()
		if err == nil {
			alive = append(alive, cmd)
			done++
		} else {
			fmt.Fprintf(os.Stderr, "misbehave: refused after %d: %v\n", done, err)
			if len(alive) == 0 {
				return 1
			}
		}
		if err != nil || len(alive) >= *atOnce {
			alive[0].Wait()
			alive = alive[1:]
		}
	}
	for _, cmd := range alive {
		cmd.Wait()
	}
	fmt.Printf("forked %d\n", done)
	return 0
}

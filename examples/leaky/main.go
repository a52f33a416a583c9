// Command leaky is a small web server that leaks: something to run under relance.
//
//	relance --memory-high 64M -- leaky -per-second 16
//
// It does the one thing that relance asks of a program so that no work is lost: on SIGTERM it accepts nothing new,
// finishes what is in flight, and leaves. examples/leaky.py is the same in Python.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	address := flag.String("listen", "127.0.0.1:0", "where to listen: HOST:PORT, or the path of a unix socket")
	perSecond := flag.Float64("per-second", 0, "MiB to leak each second")
	perRequest := flag.Float64("per-request", 0, "MiB to leak for each request")
	flag.Parse()

	network := "tcp"
	if strings.Contains(*address, "/") {
		network = "unix"
		os.Remove(*address) // of a generation that could not clean up
	}
	listener, err := net.Listen(network, *address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaky:", err)
		os.Exit(1)
	}
	say("listening on %s", listener.Addr())

	// The leak: memory that is written to, and kept for no reason.
	leak := make(chan int)
	var leaked atomic.Int64
	go func() {
		var kept [][]byte
		for bytes := range leak {
			block := make([]byte, bytes)
			for i := range block {
				block[i] = 1
			}
			kept = append(kept, block)
			leaked.Add(int64(bytes))
		}
		runtime.KeepAlive(kept)
	}()
	if *perSecond > 0 {
		go func() {
			for range time.Tick(100 * time.Millisecond) {
				leak <- int(*perSecond * (1 << 20) / 10)
			}
		}()
	}

	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leak <- int(*perRequest * (1 << 20))
		fmt.Fprintf(w, "hello from pid %d, which has leaked %d MiB\n", os.Getpid(), leaked.Load()>>20)
	})}
	go server.Serve(listener)

	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	<-stop.Done()
	server.Shutdown(context.Background()) // waits for what is in flight
	say("leaked %d MiB, goodbye", leaked.Load()>>20)
}

func say(format string, words ...any) {
	fmt.Printf("leaky: pid %d: %s\n", os.Getpid(), fmt.Sprintf(format, words...))
}

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"relance/requests/client"
)

// serverWord makes this program a server with a client in it, which counts its
// requests in the way that the next word names.
const serverWord = "server"

// serve serves, asks itself, and prints how long a request has taken.
func serve(way string) int {
	took, err := serveRequests(way)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s: %v\n", way, err)
		return 1
	}
	fmt.Print(took)
	return 0
}

func serveRequests(way string) (time.Duration, error) {
	begin, end, err := countingBy(way)
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	failed := make(chan error, 1)
	note := func(err error) {
		if err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	}
	go func() {
		note(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			note(begin())
			io.WriteString(w, "hello\n")
			note(end())
		})))
	}()
	var took time.Duration
	for _, n := range []int{requestsServed / 10, requestsServed} { // the first ones are to warm up
		began := time.Now()
		for range n {
			answer, err := http.Get("http://" + listener.Addr().String())
			if err != nil {
				return 0, err
			}
			_, err = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if err != nil {
				return 0, err
			}
		}
		took = time.Since(began) / time.Duration(n)
	}
	select {
	case err := <-failed:
		return 0, err
	default:
		return took, nil
	}
}

// countingBy is what a server says before and after a request.
func countingBy(way string) (begin, end func() error, err error) {
	nothing := func() error { return nil }
	switch way {
	case "nothing":
		return nothing, nothing, nil
	case "notify":
		return nothing, func() error { return client.Notify(client.Served(1)) }, nil
	case "notify-both":
		return func() error { return client.Notify(client.Begun("")) }, func() error { return client.Notify(client.Ended("")) }, nil
	case "stream":
		conn, err := client.Connect()
		if err != nil {
			return nil, nil, err
		}
		return func() error { return conn.Begin("") }, func() error { return conn.End("") }, nil
	}
	return nil, nil, fmt.Errorf("no such way")
}

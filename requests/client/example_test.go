package client_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"relance/requests/client"
)

// A server under relance --max-requests 1000 -- ./server: it is recycled after a
// thousand requests, never in the midst of one. Without relance it serves on.
func Example() {
	relance, err := client.Connect()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer relance.Close()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = relance.Begin("")
		defer relance.End("")
		fmt.Fprintln(w, "hello")
	})}
	go func() {
		<-relance.Draining() // no new connections; the stop signal comes when all is served
		server.SetKeepAlivesEnabled(false)
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.Notify(client.Ready, client.Status("listening"))
	server.RegisterOnShutdown(func() { _ = client.Notify(client.Stopping) })
	go visit(listener.Addr().String(), server)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		fmt.Println(err)
	}
	// Output: 200 OK
}

// visit is somebody who asks once, and then ends the example.
func visit(address string, server *http.Server) {
	answer, err := http.Get("http://" + address)
	if err != nil {
		fmt.Println(err)
	} else {
		fmt.Println(answer.Status)
		answer.Body.Close()
	}
	server.Close()
}

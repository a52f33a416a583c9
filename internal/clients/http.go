package clients

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
)

// maxBody bounds an answer.
const maxBody = 1 << 20

// HTTP asks for path and wants this text as the body.
func HTTP(path, want string) func(c net.Conn, r *bufio.Reader, keepAlive bool) (keep bool, err error) {
	return HTTPThat(path, func(body string) bool { return body == want })
}

// HTTPThat asks for path and wants a body that is right.
func HTTPThat(path string, right func(body string) bool) func(c net.Conn, r *bufio.Reader, keepAlive bool) (keep bool, err error) {
	return func(c net.Conn, r *bufio.Reader, keepAlive bool) (bool, error) {
		connection := "close"
		if keepAlive {
			connection = "keep-alive"
		}
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n", path, connection); err != nil {
			return false, err
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return false, err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
		if err != nil {
			return false, err
		}
		if answer.StatusCode != http.StatusOK || !right(string(body)) {
			return false, &Wrong{fmt.Sprintf("%s: %.100q", answer.Status, body)}
		}
		return !answer.Close, nil
	}
}

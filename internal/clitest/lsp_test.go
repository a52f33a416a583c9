package clitest

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"relance/internal/need"
)

// send writes a message behind its header.
func (c *carried) send(message string) {
	fmt.Fprintf(c.in, "Content-Length: %d\r\n\r\n%s", len(message), message)
}

// message is what a language server says.
type message struct {
	ID     *int
	Method string
	Result json.RawMessage
	Error  json.RawMessage
}

var lspHeader = regexp.MustCompile(`^Content-Length: (\d+)\r\n$`)

// receive reads the next message, and accepts nothing between two.
func (c *carried) receive() (m message) {
	c.t.Helper()
	line, err := c.answers.ReadString('\n')
	head := lspHeader.FindStringSubmatch(line)
	if head == nil {
		c.t.Fatalf("got %q, %v in place of a header", line, err)
	}
	n, err := strconv.Atoi(head[1])
	if err != nil {
		c.t.Fatal(err)
	}
	body := make([]byte, 2+n)
	if _, err := io.ReadFull(c.answers, body); err != nil || string(body[:2]) != "\r\n" {
		c.t.Fatalf("got %q, %v", body, err)
	}
	if err := json.Unmarshal(body[2:], &m); err != nil {
		c.t.Fatalf("%v: %q", err, body)
	}
	return m
}

// lspDocument is what the server is told of one document, and asked: what it is
// told and asked belongs together.
func (c *carried) lspDocument(id int) {
	uri := fmt.Sprintf("file:///none/%d.json", id)
	text, err := json.Marshal(fmt.Sprintf(`{"schlüssel %d": 1, "€": [1, 2]}`, id))
	if err != nil {
		panic(err)
	}
	c.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":%q,"languageId":"json","version":1,"text":%s}}}`, uri, text))
	c.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"textDocument/documentSymbol","params":{"textDocument":{"uri":%q}}}`, id, uri))
	c.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":%q}}}`, uri))
}

// checkSymbols: the answer is about that document, or about none, if the server
// does not know that one.
func (c *carried) checkSymbols(m message) (known bool) {
	c.t.Helper()
	var symbols []struct{ Name string }
	if err := json.Unmarshal(m.Result, &symbols); err != nil || len(m.Error) > 0 {
		c.t.Fatalf("answer to %d: %v, %s", *m.ID, err, m.Error)
	}
	if len(symbols) == 0 {
		return false
	}
	if len(symbols) != 2 || symbols[0].Name != fmt.Sprintf("schlüssel %d", *m.ID) || symbols[1].Name != "€" {
		c.t.Errorf("answer to %d: %s", *m.ID, m.Result)
	}
	return true
}

// A real language server is recycled beneath its client: the framing holds and each
// request has its answer. What is open is not opened again in the next generation
// (docs/stdio.md), so there the server may not know the first document.
func TestLanguageServer(t *testing.T) {
	t.Parallel()
	node, folder := npm(t)
	const each = 20
	total := need.Much(50, 1000)
	c := carry(t, []string{"--stdio", "content-length", "--stdio-init", "auto", "--max-requests", strconv.Itoa(each)},
		node, filepath.Join(folder, "node_modules/vscode-json-languageserver/bin/vscode-json-languageserver"), "--stdio")
	defer c.watchdog()()
	c.send(`{"jsonrpc":"2.0","id":-1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`)
	if m := c.receive(); m.ID == nil || *m.ID != -1 || len(m.Result) == 0 {
		t.Fatalf("%+v to initialize", m)
	}
	c.send(`{"jsonrpc":"2.0","method":"initialized","params":{}}`)
	going := make(chan struct{}, 8)
	go func() {
		for id := range total {
			going <- struct{}{}
			c.lspDocument(id)
		}
	}()
	told, unknown := 0, 0
	for answered := map[int]bool{}; len(answered) < total; {
		m := c.receive()
		switch {
		case m.Method != "":
			told++
		case m.ID == nil || *m.ID < 0 || *m.ID >= total || answered[*m.ID]:
			t.Fatalf("an answer to nothing: %+v", m)
		default:
			answered[*m.ID] = true
			if !c.checkSymbols(m) {
				unknown++
			}
			<-going
		}
	}
	c.send(`{"jsonrpc":"2.0","id":-2,"method":"shutdown"}`)
	for m := c.receive(); m.ID == nil || *m.ID != -2; m = c.receive() {
		told++
	}
	c.send(`{"jsonrpc":"2.0","method":"exit"}`)
	c.wantEnd(0)
	c.errs.wantClosed(t)
	if rest, err := io.ReadAll(c.answers); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v after the end", rest, err)
	}
	recycles := len(c.served(fmt.Sprintf(`requests: %[1]d of %[1]d served .*; stopping`, each)))
	if recycles != (total+2-1)/each || told < total/2 || unknown > 0 {
		t.Errorf("%d recycles, %d notifications, %d documents unknown", recycles, told, unknown)
	}
	t.Logf("%d requests, %d recycles, %d notifications of the server, %d documents unknown", total+2, recycles, told, unknown)
}

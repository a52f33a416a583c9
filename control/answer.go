package control

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	typeJSON  = "application/json"
	typeLines = "application/jsonl"
)

// head is what comes before an answer. The connection is closed after each, and an
// answer without end has no length.
func head(status int, contentType, allow string, length int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: relance\r\nContent-Type: %s\r\n",
		status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), contentType)
	if allow != "" {
		fmt.Fprintf(&b, "Allow: %s\r\n", allow)
	}
	if length >= 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	b.WriteString("Connection: close\r\n\r\n")
	return b.String()
}

// Complaint is the body of an answer that is none.
type Complaint struct {
	// Msg says what is wrong, Cure what to do about it.
	Msg  string `json:"error"`
	Cure string `json:"cure,omitempty"`
}

// Heard is the answer to POST: what was asked for will be done, and Seq is the number of
// the last event before it.
type Heard struct {
	Asked string `json:"asked"`
	By    string `json:"by"`
	PID   int    `json:"pid"`
	Seq   uint64 `json:"seq"`
}

// refuse writes the answer to a request that gets nothing else. What cannot be written
// has nobody to read it.
func refuse(to io.Writer, r *refusal) {
	writeBody(to, r.status, r.allow, asJSON(Complaint{r.msg, r.cure}))
}

// writeBody answers with JSON, in one write.
func writeBody(to io.Writer, status int, allow, body string) {
	body += "\n"
	_, _ = io.WriteString(to, head(status, typeJSON, allow, len(body))+body)
}

func asJSON(v any) string {
	line, err := json.Marshal(v)
	if err != nil {
		panic("control: " + err.Error()) // numbers and strings only: cannot happen
	}
	return string(line)
}

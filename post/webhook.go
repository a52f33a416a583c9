package post

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"relance/report"
)

const (
	// mostRequest is for how long a try may take in all.
	mostRequest = 30 * time.Second
	// mostAfter bounds what the other side may say in Retry-After.
	mostAfter = time.Hour
	// mostReply is how much of an answer is read: what people are told if it refuses.
	mostReply = 1 << 10
)

// Webhook sends messages as JSON by HTTP; docs/webhook.md is its specification.
type Webhook struct {
	Of From
	// URL is where it goes. Its path is often a secret.
	URL *url.URL
	// Secret signs what is sent; empty: nothing does.
	Secret string
	// Token makes the ids of this relance its own, and Agent is how it calls itself.
	Token, Agent string

	client http.Client
}

// ParseURL reads the address of a webhook.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("no address; use https://HOST/PATH")
	case u.User != nil:
		return nil, errors.New("a user or a password in it, which ps shows to all; use --webhook-secret-file, or an address that needs none")
	}
	if err := checkPort(u.Port()); err != nil {
		return nil, err
	}
	u.Fragment = ""
	return u, nil
}

// Open prepares to send. A connection is for one message: none is kept.
func (w *Webhook) Open() {
	w.client = http.Client{
		Timeout: mostRequest,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, DisableCompression: true,
			MaxResponseHeaderBytes: mostSaid, OnProxyConnectResponse: proxied,
		},
		// Nobody else is to get what is signed for that address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// proxied says that it is a proxy (HTTPS_PROXY) that will not, where it is.
func proxied(_ context.Context, proxy *url.URL, _ *http.Request, reply *http.Response) error {
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy %s answered %s", proxy.Host, clip(reply.Status, mostSubject))
	}
	return nil
}

// String is "webhook to hooks.example.org", without the path.
func (w *Webhook) String() string { return "webhook to " + w.URL.Host }

// payload is what is sent.
type payload struct {
	Text        string           `json:"text"`
	Schema      int              `json:"schema"`
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Host        string           `json:"host"`
	From        time.Time        `json:"from"`
	Until       time.Time        `json:"until"`
	Started     int64            `json:"started"`
	Ended       map[string]int64 `json:"ended"`
	Kinds       map[string]int64 `json:"kinds"`
	Events      []report.Event   `json:"events"`
	Omitted     int64            `json:"events_omitted"`
	Missing     int64            `json:"events_missing"`
	Undelivered int64            `json:"messages_refused"`
	Stderr      []string         `json:"stderr,omitempty"`
	Wrote       int              `json:"stderr_generation,omitempty"`
}

// Body is what is sent for a message.
func (w *Webhook) body(d *Digest) []byte {
	wrote := 0
	if len(d.Stderr) > 0 {
		wrote = d.Wrote
	}
	body, err := json.Marshal(payload{
		Text: w.text(d), Schema: report.Schema, ID: w.id(d), Name: w.Of.Name, Host: w.Of.Host,
		From: d.From, Until: d.Until, Started: d.Started, Ended: d.Ended, Kinds: d.Kinds,
		Events: d.Events, Omitted: d.Worth - int64(len(d.Events)), Missing: d.Missing, Undelivered: d.Refused, Stderr: d.Stderr, Wrote: wrote,
	})
	if err != nil {
		panic("post: " + err.Error()) // numbers and strings only: cannot happen
	}
	return body
}

// mostDiscord is how long the text of a message may be there, in characters; a longer one
// is refused. Elsewhere it is cut, far above what there is.
const mostDiscord = 2000

// plain lets chats show a text as it is. Else the name of a process could be a mention of
// everybody: on Slack by a <, on Mattermost and Discord by an @ with a word behind.
var plain = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b")

// text is for people. Where that is Discord's address for what was made for Slack, it has
// as many lines as that takes, the counts before the events.
func (w *Webhook) text(d *Digest) string {
	first := d.Subject(w.Of)
	if !strings.HasSuffix(w.URL.Path, "/slack") {
		return plain.Replace(strings.Join(append([]string{first}, d.Lines()...), "\n"))
	}
	text := ""
	for _, line := range slices.Concat([]string{first, d.Summary()}, d.told(), d.wrote()) {
		line = plain.Replace(line) + "\n"
		if len(text)+len(line)+len("…") > mostDiscord {
			return text + "…"
		}
		text += line
	}
	return text
}

func (w *Webhook) id(d *Digest) string { return fmt.Sprintf("%s.%d", w.Token, d.Number) }

// Send posts the message.
func (w *Webhook) Send(d Digest) Outcome {
	body := w.body(&d)
	request := &http.Request{
		Method: http.MethodPost, URL: w.URL, Host: w.URL.Host, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
		Header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {w.Agent}, "X-Relance-Delivery": {w.id(&d)},
		},
	}
	if w.Secret != "" {
		request.Header.Set("X-Relance-Signature", sign(w.Secret, body))
	}
	reply, err := w.client.Do(request)
	if err != nil {
		var full *url.Error
		if errors.As(err, &full) {
			err = full.Err // which says the same without the address
		}
		return Outcome{Err: trusting(err)}
	}
	defer reply.Body.Close()
	var said []byte
	if reply.StatusCode >= 300 {
		// A good answer is good before it is over, which it may never be.
		said, _ = io.ReadAll(io.LimitReader(reply.Body, mostReply))
	}
	return answered(reply, said, time.Now())
}

// sign is what X-Relance-Signature says: the HMAC (RFC 2104) of the body.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// answered says what an answer means. What is asked to be tried again is, as is what the
// other side could not do.
func answered(reply *http.Response, said []byte, now time.Time) Outcome {
	code := reply.StatusCode
	if code >= 200 && code < 300 {
		return Outcome{}
	}
	err := fmt.Errorf("it answered %d %s", code, http.StatusText(code))
	if words := clip(strings.Join(strings.Fields(string(said)), " "), mostSubject); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	if code >= 300 && code < 400 {
		err = fmt.Errorf("it answered %d %s; give the address that it leads to: redirects are not followed", code, http.StatusText(code))
	}
	again := code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests
	return Outcome{Err: err, Final: !again, After: retryAfter(reply.Header.Get("Retry-After"), now)}
}

// retryAfter reads seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	after := time.Duration(0)
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		after = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), mostAfter)
}

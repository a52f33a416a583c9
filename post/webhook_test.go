package post

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// hookTo is a webhook that goes there.
func hookTo(t testing.TB, address, secret string) *Webhook {
	t.Helper()
	u, err := ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &Webhook{Of: From{"web", "host"}, URL: u, Secret: secret, Token: "t", Agent: "relance test"}
	w.Open()
	return w
}

// keys is a promise: programs read these. One may be added, none may go or change its
// type.
var keys = map[string]reflect.Kind{
	"text": reflect.String, "schema": reflect.Float64, "id": reflect.String, "name": reflect.String, "host": reflect.String,
	"from": reflect.String, "until": reflect.String, "started": reflect.Float64, "ended": reflect.Map, "kinds": reflect.Map,
	"events": reflect.Slice, "events_omitted": reflect.Float64, "events_missing": reflect.Float64, "messages_refused": reflect.Float64,
	"stderr": reflect.Slice, "stderr_generation": reflect.Float64,
}

// TestPost: what is posted says what happened, for people and for programs, and is signed.
func TestPost(t *testing.T) {
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	d := example("gen 7: <!channel> & more")
	d.Stderr, d.Wrote = []string{"Traceback:", "<x>"}, 7
	for _, secret := range []string{"", "sesame"} {
		if o := hookTo(t, s.URL+"/x?y=z", secret).Send(d); o.Err != nil {
			t.Fatal(o)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "User-Agent": "relance test", "X-Relance-Delivery": "t.3"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
			}
		}
		signature := got.Header.Get("X-Relance-Signature")
		if got.Method != "POST" || got.RequestURI != "/x?y=z" || (secret == "") != (signature == "") || secret != "" && signature != sign(secret, body) {
			t.Errorf("%s %s, signed %q", got.Method, got.RequestURI, signature)
		}
	}
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	for key, value := range m {
		if kind := reflect.TypeOf(value).Kind(); keys[key] != kind {
			t.Errorf("%s is a %s", key, kind)
		}
	}
	if len(m) != len(keys) {
		t.Errorf("%d keys, want %d", len(m), len(keys))
	}
	text := m["text"].(string)
	if !strings.HasPrefix(text, "web on host: gen 7: &lt;!channel&gt; &amp; more\n") || strings.ContainsAny(text, "<>") {
		t.Errorf("text %q", text)
	}
	if e := m["events"].([]any)[0].(map[string]any); e["event"] != "backoff" || e["generation"] != 7.0 {
		t.Errorf("event %v", e)
	}
}

// TestText: nobody is called together by what a process calls itself, and Discord gets no
// more than it takes, the counts first.
func TestText(t *testing.T) {
	d := example("gen 7: exit: @everyone, <!here> & co")
	for range 40 {
		d.Stderr = append(d.Stderr, strings.Repeat("größe ", 20)+"@channel")
	}
	long := hookTo(t, "https://hooks.example.org/services/x", "").text(&d)
	if len(long) < 2*mostDiscord || !strings.HasSuffix(long, "@\u200bchannel") {
		t.Errorf("%d bytes, ends in %q", len(long), long[len(long)-20:])
	}
	short := hookTo(t, "https://discord.example.org/api/webhooks/1/x/slack", "").text(&d)
	if len(short) > mostDiscord || len(short) < mostDiscord-200 || !strings.HasSuffix(short, "\n…") {
		t.Errorf("%d bytes, ends in %q", len(short), short[len(short)-20:])
	}
	for _, text := range []string{long, short} {
		if !strings.HasPrefix(text, "web on host: gen 7: exit: @\u200beveryone, &lt;!here&gt; &amp; co\n") || !strings.Contains(text, "All events: backoff 1") {
			t.Errorf("%.300q", text)
		}
	}
	d.Stderr = nil
	if whole := hookTo(t, "https://h/x/slack", "").text(&d); !strings.Contains(whole, "\n12:00:00 gen 7: exit:") || strings.Contains(whole, "…") {
		t.Errorf("%q", whole)
	}
}

// TestSign: as openssl has it (openssl dgst -sha256 -hmac key).
func TestSign(t *testing.T) {
	const want = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
	if got := sign("key", []byte("The quick brown fox jumps over the lazy dog")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestAnswers: which are an end, which a reason to come again, and when.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		code         int
		after        string
		fails, final bool
		wait         time.Duration
	}{
		{200, "", false, false, 0},
		{204, "9", false, false, 0},
		{301, "", true, true, 0},
		{307, "", true, true, 0},
		{400, "", true, true, 0},
		{404, "", true, true, 0},
		{410, "", true, true, 0},
		{408, "", true, false, 0},
		{425, "", true, false, 0},
		{429, "120", true, false, 2 * time.Minute},
		{429, "x", true, false, 0},
		{429, "-5", true, false, 0},
		{429, "99999999999999999999", true, false, 0},
		{500, "", true, false, 0},
		{503, "4000000", true, false, mostAfter},
		{503, noon.Add(90 * time.Second).Format(http.TimeFormat), true, false, 90 * time.Second},
		{503, noon.Add(-time.Hour).Format(http.TimeFormat), true, false, 0},
	} {
		reply := &http.Response{StatusCode: c.code, Header: http.Header{"Retry-After": {c.after}}}
		o := answered(reply, []byte("some\nwords"), noon)
		if (o.Err != nil) != c.fails || o.Final != c.final || o.Err != nil && o.After != c.wait {
			t.Errorf("%d, %q: %+v", c.code, c.after, o)
		}
		if c.fails && c.code >= 400 && !strings.HasSuffix(o.Err.Error(), ": some words") {
			t.Errorf("%d: %v", c.code, o.Err)
		}
	}
}

// reply is a transport and the body of its answer.
type reply struct{ code, read int }

func (r *reply) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: r.code, Header: http.Header{}, Body: io.NopCloser(r)}, nil
}

func (r *reply) Read([]byte) (int, error) {
	r.read++
	return 0, io.EOF
}

// TestGoodAnswer: who has said that all is well, and does not stop talking, keeps nobody
// waiting.
func TestGoodAnswer(t *testing.T) {
	for code, read := range map[int]int{200: 0, 299: 0, 500: 1} {
		w, r := hookTo(t, "http://h/", ""), &reply{code: code}
		w.client.Transport = r
		if o := w.Send(example("x")); (o.Err == nil) != (read == 0) || r.read != read {
			t.Errorf("%d: %+v, read %d times", code, o, r.read)
		}
	}
}

// TestRedirect: nobody else gets what was meant for one address.
func TestRedirect(t *testing.T) {
	others := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { others++ }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(other.URL, code))
		o := hookTo(t, s.URL, "sesame").Send(example("x"))
		s.Close()
		if !o.Final || !strings.Contains(o.Err.Error(), "redirects are not followed") || others != 0 {
			t.Errorf("%d: %+v; %d requests elsewhere", code, o, others)
		}
	}
}

// TestUnheard: nobody there, a certificate that nobody vouches for, an answer without
// end; and what is said of it has no path, which may be a secret.
func TestUnheard(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	talks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		for _, err := w.Write([]byte("on and on")); err == nil; {
			_, err = w.Write(make([]byte, 1<<16))
		}
	}))
	defer talks.Close()
	for _, c := range []struct {
		address string
		final   bool
	}{{gone.URL, false}, {talks.URL, true}} {
		w := hookTo(t, c.address+"/hush", "sesame")
		o := w.Send(example("x"))
		if o.Err == nil || o.Final != c.final || strings.Contains(o.Err.Error()+w.String(), "hush") || len(o.Err.Error()) > 1000 {
			t.Errorf("%s: %+v", c.address, o)
		}
	}
}

func TestParseURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://hooks.example.org/a?b=c#d": "https://hooks.example.org/a?b=c", "http://127.0.0.1:8080": "http://127.0.0.1:8080", "HTTPS://[::1]/": "https://[::1]/",
		"": "", "hooks.example.org": "", "ftp://x": "", "https://": "", "https:///x": "", "https://me:secret@h/": "", "https://me@h/": "", "http://h\n/": "",
		"http://h:0/": "", "http://h:65536/": "", "http://h:65535/": "http://h:65535/",
	} {
		u, err := ParseURL(in)
		if u == nil {
			u = &url.URL{}
		}
		if u.String() != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %s, %v", in, u, err)
		}
	}
	if _, err := ParseURL("https://h:65536/hush"); err == nil || err.Error() != `port "65536": use a number from 1 to 65535, or leave it out` {
		t.Error(err)
	}
}

// TestNotThere: a proxy that will not and an authority that is not known are named as such.
func TestNotThere(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer proxy.Close()
	by, err := url.Parse("http://me:sesame@" + proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	hook := hookTo(t, "https://hooks.example.org/x", "")
	hook.client.Transport.(*http.Transport).Proxy = http.ProxyURL(by)
	if o := hook.Send(example("x")); o.Err == nil || o.Final || o.Err.Error() != "the proxy "+by.Host+" answered 403 Forbidden" {
		t.Errorf("%+v", o)
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	hook = hookTo(t, s.URL, "")
	hook.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	if o := hook.Send(example("x")); o.Err == nil || o.Final || !strings.HasSuffix(o.Err.Error(), "; name a file with yours in SSL_CERT_FILE") {
		t.Errorf("%+v", o)
	}
}

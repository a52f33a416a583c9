package ready

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"relance/limits"
)

// checkTCP looks at host:port.
func checkTCP(address string) error {
	const cure = "use host:port such as tcp:127.0.0.1:8080, tcp:[::1]:8080 or tcp::8080"
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("no host and port; " + cure)
	}
	if err := checkPort(port); err != nil {
		return err
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#@"[]`, r) }) {
		return fmt.Errorf("host %s is none; %s", limits.Quote(host), cure)
	}
	return nil
}

func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("port %s: use a number from 1 to 65535", limits.Quote(port))
	}
	return nil
}

// maxUnix is how long the address of a socket may be (unix(7), sun_path), without
// the zero byte behind it.
const maxUnix = 107

// checkUnix looks at a path, or @ and a name.
func checkUnix(path string) error {
	switch {
	case path == "" || path == "@":
		return errors.New("no address; use a path or @name such as unix:/run/app.sock or unix:@app")
	case len(path) > maxUnix:
		return fmt.Errorf("the address of a socket has at most %d bytes, and this one %d", maxUnix, len(path))
	}
	return nil
}

// checkFile looks at a path.
func checkFile(path string) error {
	if path == "" || strings.HasSuffix(path, "/") {
		return errors.New("no file; use a path such as file:/run/app/ready")
	}
	return nil
}

func checkHTTP(text string) error {
	_, err := parseURL(text)
	return err
}

// page is what a GET asks for, and where.
type page struct {
	network, address string // as net.Dial takes them
	url              *url.URL
	tls              bool
}

// parseURL reads a URL, or http://unix:PATH:/PATH.
func parseURL(text string) (page, error) {
	const cure = "use a URL such as http://127.0.0.1:8080/health"
	var p page
	scheme, rest, _ := strings.Cut(text, "://")
	p.network, p.tls = "tcp", scheme == "https"
	if scheme != "http" && scheme != "https" {
		return p, errors.New("no http:// or https://; " + cure)
	}
	if place, ok := strings.CutPrefix(rest, "unix:"); ok {
		path, page, _ := strings.Cut(place, ":")
		if err := checkUnix(path); err != nil {
			return p, err
		}
		if page != "" && page[0] != '/' {
			return p, fmt.Errorf("page %s does not begin with /; use http://unix:/run/app.sock:/health", limits.Quote(page))
		}
		p.network, p.address = "unix", path
		text = scheme + "://localhost" + page
	}
	var err error
	if p.url, err = url.Parse(text); err != nil {
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err // it repeats the whole
		}
		return p, fmt.Errorf("%w; %s", err, cure)
	}
	switch {
	case p.url.User != nil:
		return p, errors.New("a password here could be read by all (ps(1)); use a page that needs none")
	case p.url.Hostname() == "":
		return p, errors.New("no host; " + cure)
	case strings.ContainsRune(text, '#'):
		return p, errors.New("what follows # is never asked for; leave it out")
	}
	if p.network == "unix" {
		return p, nil
	}
	port := p.url.Port()
	switch {
	case port != "" || strings.HasSuffix(p.url.Host, ":"):
	case p.tls:
		port = "443"
	default:
		port = "80"
	}
	p.address = net.JoinHostPort(p.url.Hostname(), port)
	return p, checkTCP(p.address)
}

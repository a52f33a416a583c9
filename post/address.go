package post

import (
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// errPort says that no machine has such a port.
var errPort = errors.New("no port; use a number from 1 to 65535, or leave it out")

// noPort reports whether the port of an address is none that can be; of digits it is.
func noPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port != "" && (err != nil || n == 0)
}

// ParseAddress reads a@b, or Name <a@b>.
func ParseAddress(s string) (mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return mail.Address{}, errors.New("no address; use one such as ops@example.org, or 'Name <ops@example.org>'")
	}
	// Nothing that has to be quoted, in a header or in a command, nor what the other side
	// may not do (SMTPUTF8).
	user, host, _ := strings.Cut(a.Address, "@")
	if strings.Trim(user, letters+"!#$%&'*+/=?^_`{|}~.-") != "" || strings.Trim(host, letters+".-[]:") != "" || user == "" || user[0] == '-' {
		return mail.Address{}, fmt.Errorf("%q: use letters of ASCII, and a domain as xn--…", a.Address)
	}
	return *a, nil
}

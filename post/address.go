package post

import (
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// checkPort says why the port of an address is none that can be; empty: none is given.
func checkPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return fmt.Errorf("port %q: use a number from 1 to 65535, or leave it out", port)
	}
	return nil
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

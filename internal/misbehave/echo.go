package main

import (
	"bytes"
	"flag"
	"os"
)

// echo answers lines, and has always read more than it has answered.
func echo(fs *flag.FlagSet, words []string) int {
	parse(fs, words, 0)
	ready()
	var rest []byte
	for chunk := make([]byte, 64<<10); ; {
		n, err := os.Stdin.Read(chunk)
		rest = append(rest, chunk[:n]...)
		for i := bytes.IndexByte(rest, '\n'); i >= 0; i = bytes.IndexByte(rest, '\n') {
			if _, err := os.Stdout.Write(append([]byte{'a'}, rest[:i+1]...)); err != nil {
				return 1
			}
			rest = rest[i+1:]
		}
		if err != nil {
			return 0
		}
	}
}

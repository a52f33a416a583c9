package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strconv"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

// maxConfig bounds the size of a file of flags.
const maxConfig = 1 << 20

// config is a file of flags that has been read. It is what kong asks for the
// flags that are not on the command line (kong.Resolver).
type config struct {
	path     string
	settings map[string]setting // by the name of the flag
}

// setting is one key of the file.
type setting struct {
	key   string // the name of the flag, or another name of it
	line  int
	words []string // the values, as they would stand on the command line
}

// BeforeResolve is called by kong when the command line and the environment are
// read: it reads the file that they name.
func (f *runFlags) BeforeResolve(ctx *kong.Context) error {
	flags := ctx.Model.Flags
	path := ""
	for _, flag := range flags {
		if flag.Name == "config" {
			path, _ = ctx.FlagValue(flag).(string)
		}
	}
	if path == "" {
		return nil
	}
	text, err := readConfig(path)
	if err != nil {
		return &Error{Msg: "--config " + quoteIfNeeded(path) + ": " + err.Error(), flag: "config"}
	}
	if f.file, err = parseConfig(path, text, flags); err != nil {
		return err
	}
	ctx.AddResolver(f.file)
	return nil
}

// readConfig reads a whole file, if it is one: neither a pipe that has no writer
// nor a device that does something when it is opened is opened.
func readConfig(path string) ([]byte, error) {
	if path == "-" {
		return nil, errors.New("standard input is not read; name a file")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	// What stands there may be another thing by now.
	file, err := os.OpenFile(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, cause(err)
	}
	defer file.Close()
	if info, err = file.Stat(); err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, cause(err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("larger than %d MiB, which is no file of flags", maxConfig>>20)
	}
	return text, nil
}

// regular refuses all that is no regular file.
func regular(info fs.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	default:
		kind = "a device"
	}
	return fmt.Errorf("%s; name a regular file", kind)
}

// cause is an error of package os without the path, which is said already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// at names a line of the file.
func (c *config) at(line int) string { return shown(c.path) + ":" + strconv.Itoa(line) }

// Validate has nothing left to check: parseConfig did.
func (c *config) Validate(*kong.Application) error { return nil }

// Resolve returns what the file has for a flag, nil for nothing. kong asks for
// every flag that is not on the command line; the environment, which it has read
// before, would lose.
func (c *config) Resolve(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
	s, ok := c.settings[f.Name]
	if _, value := twin(f); !ok || value != "" || !s.isSet(f) {
		return nil, nil
	}
	if !f.IsSlice() {
		return s.words[0], nil
	}
	// kong splits a word of the command line at commas, and a list not.
	var values []any
	for _, word := range s.words {
		for _, part := range kong.SplitEscaped(word, f.Tag.Sep) {
			values = append(values, part)
		}
	}
	return values, nil
}

// isSet reports whether the key does more than leaving it out would. An empty list
// does not, nor a false for a flag that takes a word or none.
func (s setting) isSet(f *kong.Flag) bool {
	return len(s.words) > 0 && !(f.IsBool() && f.Target.Kind() != reflect.Bool && s.words[0] == "false")
}

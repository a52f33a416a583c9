package clitest

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// bin is the folder of the programs under test: relance, and what it runs. Any
// user may read it.
func bin() string { return misbehavetest.Folder() }

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == roleWord {
		os.Exit(role(os.Args[2:]))
	}
	// The tests mostly wait for programs, so more of them at once than there are
	// CPUs, unless somebody says how many.
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
	os.Exit(misbehavetest.Main(m))
}

// relance is the path of the program under test; misbehave, raw and slowserver are
// what it runs here.
func relance() string               { return misbehavetest.Relance() }
func misbehave(t testing.TB) string { return misbehavetest.Go(t) }
func raw(t testing.TB) string       { return misbehavetest.Raw(t) }
func slow(t testing.TB) string      { return misbehavetest.Slow(t) }

// root is the folder of the module.
const root = "../.."

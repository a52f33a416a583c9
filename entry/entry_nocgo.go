//go:build !cgo

package entry

// Filled in by the assembly before the runtime starts; only read afterwards.
var (
	givenBlocked uint64
	givenIgnored uint64
	givenClosed  uint64
	givenNoFile  [2]uint64
)

func recorded() (blocked, ignored, closed, noFileCur, noFileMax uint64) {
	return givenBlocked, givenIgnored, givenClosed, givenNoFile[0], givenNoFile[1]
}

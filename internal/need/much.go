package need

import "os"

// Much is how much a test does of what it repeats: few, or many where
// RELANCE_TEST_LOAD is set, as make test does. Few is enough to see a fault that is
// there each time.
func Much[T any](few, many T) T {
	if os.Getenv("RELANCE_TEST_LOAD") != "" {
		return many
	}
	return few
}

package need

import (
	"os"
	"testing"
	"time"
)

// loadEnv is set where tests may take their time.
const loadEnv = "RELANCE_TEST_LOAD"

// Much is how much a test does of what it repeats: few, or many where
// RELANCE_TEST_LOAD is set, as make test does. Few is enough to see a fault that is
// there each time.
func Much[T any](few, many T) T {
	if os.Getenv(loadEnv) != "" {
		return many
	}
	return few
}

// Load is for how long a test puts what it tests under load; 0 where a few
// repetitions will do.
func Load(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv(loadEnv)
	if text == "" {
		return 0
	}
	span, err := time.ParseDuration(text)
	if err != nil || span <= 0 {
		t.Fatalf("%s=%s: a time is needed, such as 60s", loadEnv, text)
	}
	return span
}

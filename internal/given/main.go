// Given writes what package entry recorded to descriptor 3, for its tests: 0, 1
// and 2 are what they close.
package main

import (
	"fmt"
	"os"

	"relance/entry"
)

func main() {
	g := entry.Record()
	_, err := fmt.Fprintf(os.NewFile(3, "out"), "blocked=%016x ignored=%016x closed=%v nofile=%d:%d\n",
		g.Blocked, g.Ignored, g.Closed, g.NoFile.Cur, g.NoFile.Max)
	if err != nil {
		os.Exit(1)
	}
}

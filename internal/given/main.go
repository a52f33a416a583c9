// Given prints what package entry recorded, for its tests.
package main

import (
	"fmt"

	"relance/entry"
)

func main() {
	g := entry.Record()
	fmt.Printf("blocked=%016x ignored=%016x closed=%v nofile=%d:%d\n", g.Blocked, g.Ignored, g.Closed, g.NoFile.Cur, g.NoFile.Max)
}

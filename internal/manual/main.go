// Manual writes the manual page of relance and what shells need to complete its
// command line, from the flags as cli has them. Its test says whether what is there
// is what it would write.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	files, err := write()
	for path, text := range files {
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// write returns what belongs into which file, below the root of the module.
func write() (map[string]string, error) {
	all, err := model()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	if files["man/relance.1"], err = manPage(all); err != nil {
		return nil, err
	}
	for shell := range templates {
		path := filepath.Join("completions", "relance."+shell)
		if files[path], err = completion(shell, all); err != nil {
			return nil, err
		}
	}
	return files, nil
}

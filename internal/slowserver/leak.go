package main

import "sync"

// leak keeps so many bytes more at each call, all of them in use.
func leak(bytes int) {
	const page = 4096
	kept := make([]byte, bytes)
	for i := 0; i < bytes; i += page {
		kept[i] = 1
	}
	leaked.Lock()
	defer leaked.Unlock()
	leaked.all = append(leaked.all, kept)
}

var leaked struct {
	sync.Mutex
	all [][]byte
}

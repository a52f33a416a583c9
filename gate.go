package main

import (
	"relance/cli"
	"relance/hooks"
)

// held says that a gate is open, and stays until it is to be closed.
func held(todo *cli.Gate) int {
	if err := hooks.Hold(todo.Address); err != nil {
		return refuse(err)
	}
	return 0
}

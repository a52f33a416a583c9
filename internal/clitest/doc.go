// Package clitest has no code of its own: its tests run the real relance, the
// static binary, around real commands, and look at both from outside.
//
// What a user would read in a manual is in the scripts, testdata/script of the
// module's root; what a script cannot say well (every signal, bare and wrapped
// side by side, ten thousand orphans) is in Go here. The commands that are run
// are those of internal/misbehave.
package clitest

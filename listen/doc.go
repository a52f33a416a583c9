// Package listen has the sockets that relance holds for the command, and finds out
// who holds an address.
package listen

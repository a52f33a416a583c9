// Package clock tells when the clock on the wall was set, or the machine has
// slept. It is a source: it blocks in the kernel, and sends.
package clock

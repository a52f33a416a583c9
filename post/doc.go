// Package post tells people who are not looking what went wrong: by mail and by
// webhook. It gathers events into messages, so that a crash loop is a few messages
// whose counts add up, and no flood; it tries again what could not be delivered;
// and it never keeps anybody waiting.
//
// What goes when is decided by an [Outbox], which is pure: it takes events, outcomes
// and times, and does nothing itself. A [Post] is the outlet around it, with one
// goroutine that owns the outbox and one that delivers.
package post

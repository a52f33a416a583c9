// Package doctor tells what this machine lets relance do, and how to get more:
// the facts, then what each limit and budget would use here, then the commands
// and lines that would better it.
//
// [Gather] reads the facts, and has them tried by who knows how; [Diagnose] makes
// a report of them and knows nothing else; a report is written as text or JSON.
package doctor

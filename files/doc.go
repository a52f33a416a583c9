// Package files tells when the content of files has changed: of single files, of
// folders with all that is in them, and of what a pattern matches.
//
// An event of inotify(7) is a wake-up, never a verdict. It says that something may
// be different at some name, and is told once; then [Watch.Run] is silent until
// [Watch.Listen]. What has changed is found by [Watch.Examine], which goes the way
// from each word to its files anew, as open(2) would, and compares fingerprints of
// their content with those it took the last time. So it does not matter how an
// editor writes, in what order events come, whether some were merged or lost
// (IN_Q_OVERFLOW), or which file a symlink led to meanwhile.
//
// Words:
//
//   - word: a path or pattern as the user gave it.
//   - arm: ask inotify to tell of a file or folder. It comes before looking, always:
//     what changes between the two is then told.
//   - names, self, content: what a folder or file is armed for (arm_linux.go).
//   - fingerprint: what is remembered of a file; equal fingerprints, equal content.
//   - pass: one look at everything that the words lead to.
//
// # What is not seen
//
// inotify does not tell of a write through mmap(2) before the file is closed, of
// changes on another machine's side of a network file system, in /proc and in /sys,
// of a mount over a watched folder, nor of a write through another hard link to a
// file of a watched folder. All of it is found with the next change that is told.
package files

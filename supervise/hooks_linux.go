package supervise

import (
	"fmt"
	"time"
)

// The commands that people want to be run are children of ours beside the trees.

// startHooks starts those that can be. A pid is told before anybody looks at the tree.
func (l *loop) startHooks() {
	pids, events := l.Hooks.Start(time.Now())
	for _, pid := range pids {
		l.world.Ignore(pid)
	}
	l.pending = append(l.pending, events...)
}

// Ignore keeps a hook out of the trees.
func (m *Machine) Ignore(pid int) {
	if m.hooks == nil {
		m.hooks = map[int]bool{}
	}
	m.hooks[pid] = true
	if err := m.walker.Ignore(pid); err != nil {
		m.say(fmt.Sprintf("look at a hook: %v", err))
	}
}

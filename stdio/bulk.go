package stdio

import (
	"runtime/debug"
	"time"
)

// calm is for how long nothing must come after a large message, so that the memory that it
// took is given back. Else it would stay: there is nothing to collect it for.
const calm = time.Second

// handled remembers a frame that took more than what is kept.
func (r *relay) handled(frame []byte) { r.bulk = r.bulk || len(frame) > keepMost }

// idle reports whether nothing is kept of any frame.
func (r *relay) idle() bool {
	return r.in.len()+r.back.len()+r.toChild.len()+r.toOuter.len()+r.flying.bytes+len(r.held.all) == 0
}

// giveBack lets go of what large messages took.
func (r *relay) giveBack() {
	r.bulk, r.in.b, r.in.from, r.back.b, r.back.from = false, nil, 0, nil, 0
	debug.FreeOSMemory()
}

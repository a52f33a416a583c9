package requests

// maxFlight bounds how many requests with a name may be in flight in one generation.
const maxFlight = 1 << 16

// id is the name of a request; NUL bytes, which no name has, fill it up.
type id [maxID]byte

// flight is what one connection has begun and not ended.
type flight struct {
	plain int64 // without a name
	named map[id]struct{}
	most  int // there have been in it, as a map does not shrink
}

// fewNamed is how large a map may stay with nothing in it.
const fewNamed = 256

// What is wrong with a begin or an end.
const (
	badTwice = "this id is in flight already"
	badNone  = "no such id is in flight"
	badEmpty = "nothing is in flight"
	badMany  = "more than 65536 ids are in flight"
)

// begin notes that a request has begun; room is how many names there may still be.
func (f *flight) begin(name []byte, room *int) (fault string) {
	if len(name) == 0 {
		f.plain++
		return ""
	}
	var key id
	copy(key[:], name)
	if _, twice := f.named[key]; twice {
		return badTwice
	}
	if *room == 0 {
		return badMany
	}
	if f.named == nil {
		f.named = map[id]struct{}{}
	}
	f.named[key] = struct{}{}
	f.most = max(f.most, len(f.named))
	*room--
	return ""
}

// end notes that a request has ended.
func (f *flight) end(name []byte, room *int) (fault string) {
	if len(name) == 0 {
		if f.plain == 0 {
			return badEmpty
		}
		f.plain--
		return ""
	}
	var key id
	copy(key[:], name)
	if _, ok := f.named[key]; !ok {
		return badNone
	}
	delete(f.named, key)
	*room++
	if f.most > fewNamed && len(f.named) < f.most/4 {
		// Else each connection might keep the room of all the names there may be.
		f.most = len(f.named)
		small := make(map[id]struct{}, f.most)
		for key := range f.named {
			small[key] = struct{}{}
		}
		f.named = small
	}
	return ""
}

// forget ends all of it and returns how many these were.
func (f *flight) forget(room *int) int64 {
	n := f.plain + int64(len(f.named))
	*room += len(f.named)
	*f = flight{}
	return n
}

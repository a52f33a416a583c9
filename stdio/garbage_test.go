package stdio

import (
	"bytes"
	"testing"

	"relance/requests"
)

// FuzzGarbage: whatever the two sides write, what is passed on is whole frames, as
// they are and in order, and nothing grows without bound.
func FuzzGarbage(f *testing.F) {
	f.Add(uint8(Lines), []byte("a\nb\nc"), []byte("1\n2\n3\n4\n"), []byte{9, 200, 3})
	f.Add(uint8(Squid), []byte("1 a\n2 b\n1 c\n"), []byte("2 OK\n1 OK\n1\nOK\n"), []byte{9, 200, 3})
	f.Add(uint8(JSONRPC), []byte(`{"id":1,"method":"initialize"}`+"\n"+`[{"id":1,"method":"m"},{"id":1,"method":"m"}]`+"\n"+`{"id":7,"result":1}`+"\n"),
		[]byte(`{"id":1,"result":1}`+"\n"+`{"id":7,"method":"w"}`+"\n"+`[{"id":1,"error":1},{"id":1,"result":2}]`+"\n"), []byte{100, 20, 3})
	f.Add(uint8(ContentLength), []byte("Content-Length: 21\r\n\r\n{\"id\":1,\"method\":\"a\"}Content-Length: 17\n\n{\"method\":\"exit\"}"),
		[]byte("Content-Length: 19\r\n\r\n{\"id\":1,\"result\":1}"), []byte{8, 8, 8, 8, 8, 8})
	f.Fuzz(func(t *testing.T, mode uint8, from, back, choices []byte) {
		set := Settings{Mode: Mode(mode % 4), Delimiter: '\n', MaxMessage: 1000, QueueMax: 200}
		if set.Mode == Lines {
			set.LostReply = "LOST"
		}
		set.Init = set.Mode.JSON() && len(choices)%2 == 0
		set.complete()
		r := newRelay(set, requests.NewCounter(), func(string) {})
		r.count.Begin(1)
		r.start(1)
		allFrom, allBack := from, back
		var got, given []byte
		settled := false
		for round := 0; round < 3000 && (len(from) > 0 || len(back) > 0); round++ {
			size := 50
			if len(choices) > 0 {
				size = int(choices[round%len(choices)])
			}
			if r.wantsInput() {
				n := copy(r.in.room(), from[:min(size, len(from))])
				r.in.read(n)
				from = from[n:]
				r.in.atEnd = len(from) == 0
			}
			r.forward()
			given = append(given, r.toChild.bytes()...)
			r.toChild.wrote(r.toChild.len())
			if r.wantsAnswers() {
				n := copy(r.back.room(), back[:min(size, len(back))])
				r.back.read(n)
				back = back[n:]
				r.receive()
			}
			if !settled && !r.broken && !bytes.HasPrefix(allBack, append(got, r.toOuter.bytes()...)) {
				t.Fatalf("passed on %q of %q", r.toOuter.bytes(), allBack)
			}
			got = append(got, r.toOuter.bytes()...)
			r.wrote(r.toOuter.len())
			if !settled && !set.Mode.JSON() && !bytes.HasPrefix(allFrom, given) {
				t.Fatalf("handed over %q of %q", given, allFrom)
			}
			if r.in.len()+r.held.bytes > set.QueueMax+2*set.MaxMessage+headerMost+256 || len(r.asked) > askedMost {
				t.Fatalf("%d bytes wait", r.in.len()+r.held.bytes)
			}
			if size == 200 || r.broken && size%2 == 0 {
				r.settle(size % 7)
				settled = true
				r.start(r.gen + 1)
			}
		}
		if n := r.flying.bytes; n < 0 || r.flying.ends.next == &r.flying.ends && (n != 0 || len(r.flying.named) > 0) {
			t.Fatalf("%d bytes, %d names are left", n, len(r.flying.named))
		}
	})
}

package stdio

import (
	"testing"

	"relance/requests"
)

// Answers may overtake, and each keeps its channel.
func TestSquid(t *testing.T) {
	t.Parallel()
	r := connect(t, Settings{Mode: Squid, Delimiter: '\n'})
	r.shell(`read -r a b; read -r c d; echo "$c OK url=\"$d\""; echo "$a ERR"; read -r e f; exit 1`)
	r.send("0 http://a/ - GET\n1 http://b/\n")
	r.expect("1 OK url=\"http://b/\"\n0 ERR\n")
	r.send("0 x\n")
	if n := r.end(); n.Lost != 1 {
		t.Errorf("%+v", n)
	}
	r.expect("0 BH message=\"helper restarted\"\n")
	r.shell(`while read -r a b; do echo "$a"; done`)
	r.send("1 y\n")
	r.expect("1\n")
	r.CloseInput()
	r.end()
	r.nothing()
}

// Without channels (concurrency=0): a request may begin with a number all the
// same, as the first answer tells.
func TestSquidUnnumbered(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"http://a/ -\n", "8080 a\n"} {
		r := connect(t, Settings{Mode: Squid, Delimiter: '\n'})
		r.shell(`read -r a; echo OK; read -r a; exit 1`)
		r.send(first)
		r.expect("OK\n")
		r.send("443 b\n")
		r.end()
		r.expect("BH message=\"helper restarted\"\n")
		r.nothing()
	}
}

// An answer without a channel, where they have one, is nobody's.
func TestSquidBroken(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		`read -r a b; echo "$a OK"; read -r a b; echo OK; cat`,
		`read -r a b; echo "$a OK"; read -r a b; echo 7 OK; cat`,
	} {
		r := connect(t, Settings{Mode: Squid, Delimiter: '\n'})
		r.shell(script)
		r.send("1 a\n2 b\n")
		r.expect("1 OK\n")
		r.wait(requests.Broken)
		r.end()
		r.expect("2 BH message=\"helper restarted\"\n")
		r.nothing()
	}
}

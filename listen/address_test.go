package listen

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Address
		print string // empty: as it was written
	}{
		{":8080", Address{Port: 8080}, ""},
		{":0", Address{}, ""},
		{"tcp::080", Address{Port: 80}, ":80"},
		{"127.0.0.1:65535", Address{Host: netip.MustParseAddr("127.0.0.1"), Port: 65535}, ""},
		{"[::]:80", Address{Host: netip.IPv6Unspecified(), Port: 80}, ""},
		{"[::ffff:1.2.3.4]:80", Address{Host: netip.MustParseAddr("1.2.3.4"), Port: 80}, "1.2.3.4:80"},
		{"[FE80:0::1%eth0]:80", Address{Host: netip.MustParseAddr("fe80::1%eth0"), Port: 80}, "[fe80::1%eth0]:80"},
		{"udp::53", Address{Kind: UDP, Port: 53}, ""},
		{"udp:[::1]:53,reuseport", Address{Kind: UDP, Host: netip.IPv6Loopback(), Port: 53, ReusePort: true}, ""},
		{"unix:/run/a b.sock", Address{Kind: Stream, Path: "/run/a b.sock"}, ""},
		{"unix:app.sock", Address{Kind: Stream, Path: "app.sock"}, ""},
		{"unix:@app", Address{Kind: Stream, Path: "@app"}, ""},
		{"unix:./@app", Address{Kind: Stream, Path: "./@app"}, ""},
		{"seqpacket:@a", Address{Kind: Seqpacket, Path: "@a"}, ""},
		{"dgram:/run/log", Address{Kind: Dgram, Path: "/run/log"}, ""},
		{":80,name=web,backlog=512,reuseport,ipv6only,freebind",
			Address{Port: 80, Name: "web", Backlog: 512, ReusePort: true, IPv6Only: true, FreeBind: true}, ""},
		{":80,freebind,backlog=0512,name=a=b c", Address{Port: 80, Name: "a=b c", Backlog: 512, FreeBind: true}, ":80,name=a=b c,backlog=512,freebind"},
		{"unix:/s,owner=www-data,mode=660", Address{Kind: Stream, Path: "/s", Mode: 0o660, Owner: "www-data"}, "unix:/s,mode=0660,owner=www-data"},
		{"unix:/s,owner=:33", Address{Kind: Stream, Path: "/s", Group: "33"}, ""},
		{"unix:/s,owner=a:b", Address{Kind: Stream, Path: "/s", Owner: "a", Group: "b"}, ""},
		{"unix:" + strings.Repeat("x", maxPath), Address{Kind: Stream, Path: strings.Repeat("x", maxPath)}, ""},
	} {
		got, err := Parse(test.text)
		if err != nil || got != test.want {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", test.text, got, err, test.want)
		}
		if test.print == "" {
			test.print = test.text
		}
		if text := got.String(); text != test.print {
			t.Errorf("%s: printed as %s, want %s", test.text, text, test.print)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "no port in it"},
		{"8080", "no port in it; use :8080"},
		{"127.0.0.1", "no port in it"},
		{"[::1]", "no port in it"},
		{"local:/run/app.sock", `there is no kind "local:"; use unix:`},
		{":", `port ""`},
		{":http", `port "http": use a number`},
		{":65536", `port "65536"`},
		{":-1", `port "-1"`},
		{":+1", `port "+1"`},
		{"localhost:80", `host "localhost": names are not looked up`},
		{"*:80", "use :80 for every address"},
		{"::1:80", "an IPv6 address needs brackets; use [::1]:80"},
		{"[127.0.0.1]:80", "no brackets around an IPv4 address; use 127.0.0.1:80"},
		{"[::1:80", "an IPv6 address needs brackets; use [::1]:80"},
		{"[fe80::1%eth/0]:80", `interface "eth/0"`},
		{"[fe80::1%abcdefghijklmnop]:80", "interface"},
		{"/run/app.sock", "use unix:/run/app.sock"},
		{"./app.sock", "use unix:./app.sock"},
		{"@app", "use unix:@app"},
		{"unix:", "no name; use unix:/run/app.sock or unix:@app"},
		{"seqpacket:@", "no name; use seqpacket:/run/app.sock"},
		{"unix:a\x00b", "zero byte"},
		{"unix:" + strings.Repeat("x", maxPath+1), "108 bytes, and a unix socket has room for 107"},
		{":80,", `option "": there is none of this name, use name, backlog`},
		{":80,colour=red", `option "colour=red"`},
		{":80,name", "name has no value; use name=VALUE"},
		{":80,name=", "name has no value"},
		{":80,name=a:b", `name "a:b"`},
		{":80,name=é", `name "é"`},
		{":80,name=" + strings.Repeat("x", 256), "up to 255"},
		{":80,name=a,name=b", "name is set twice, keep one"},
		{":80,reuseport=yes", "reuseport has no value; use reuseport alone"},
		{":80,reuseport,reuseport", "reuseport is set twice"},
		{":80,backlog=0", `backlog "0"`},
		{":80,backlog=2147483648", "from 1 to 2147483647"},
		{"unix:/s,mode=0", `mode "0"`},
		{"unix:/s,mode=rw", `mode "rw"`},
		{"unix:/s,mode=4755", `mode "4755"`},
		{"unix:/s,owner=a:b:c", `owner "a:b:c"`},
		{"unix:/s,owner=a:", `owner "a:"`},
		{"unix:/s,owner=a b", `owner "a b"`},
		{"unix:/s,reuseport", "for TCP and UDP"},
		{":80,mode=0660", "mode and owner are for the file"},
		{"unix:@a,owner=root", "mode and owner are for the file"},
		{"udp::53,backlog=5", "backlog is for connections"},
		{"dgram:/s,backlog=5", "backlog is for connections"},
		{"127.0.0.1:80,ipv6only", "ipv6only with an IPv4 address"},
	} {
		if got, err := Parse(test.text); err == nil || !strings.Contains(err.Error(), test.want) || got != (Address{}) {
			t.Errorf("%q: got %+v, %v, want an error with %q", test.text, got, err, test.want)
		}
	}
}

func TestAddressConflict(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{":80", ":80", true},
		{":80,name=a", ":80,name=b", true},
		{":80", ":81", false},
		{":0", ":0", false},
		{":80", "udp::80", false},
		{":80", "127.0.0.1:80", true},
		{":80", "[::1]:80", true},
		{":80,ipv6only", "127.0.0.1:80", false},
		{":80,ipv6only", "0.0.0.0:80", false},
		{"[::]:80", "0.0.0.0:80", true},
		{"[::]:80,ipv6only", "0.0.0.0:80", false},
		{"[::]:80", ":80", true},
		{"0.0.0.0:80", "[::1]:80", false},
		{"0.0.0.0:80", "127.0.0.1:80", true},
		{"127.0.0.1:80", "127.0.0.2:80", false},
		{"127.0.0.1:80", "127.0.0.1:80", true},
		{"[::1]:80", "[::1]:80", true},
		{":80,reuseport", ":80,reuseport", false},
		{":80,reuseport", ":80", true},
		{"unix:/a", "unix:/a", true},
		{"unix:/a", "unix:/x/../a", true},
		{"unix:/a", "dgram:/a", true},
		{"unix:@a", "unix:@a", true},
		{"unix:@a", "dgram:@a", false},
		{"unix:/a", ":80", false},
	} {
		a, errA := Parse(test.a)
		b, errB := Parse(test.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if Conflict(a, b) != test.want || Conflict(b, a) != test.want {
			t.Errorf("%s and %s: got %v and %v, want %v", test.a, test.b, Conflict(a, b), Conflict(b, a), test.want)
		}
	}
}

// What is read is bounded, and is read again as the same from what is printed.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		":80", "[fe80::1%eth0]:80", "udp:1.2.3.4:5,reuseport,freebind", "unix:/run/a,mode=0660,owner=a:b,name=x,backlog=7", "seqpacket:@a b",
		"[::ffff:1.2.3.4%7]:1", "unix:a,owner=:g", ":1,name==", "dgram:@@",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			if a != (Address{}) {
				t.Errorf("%q: %+v beside %v", text, a, err)
			}
			return
		}
		if len(a.Path) > maxPath || len(a.Name) > maxName || a.Mode > 0o777 || a.Backlog < 0 || (a.Path == "") == a.Local() || len(a.Host.Zone()) > 15 {
			t.Errorf("%q: out of bounds: %+v", text, a)
		}
		again, err := Parse(a.String())
		if err != nil || again != a {
			t.Errorf("%q: printed as %q, which is %+v, %v", text, a, again, err)
		}
		if !Conflict(a, again) && !a.ReusePort && (a.Port != 0 || a.Local()) {
			t.Errorf("%q is not in its own way", text)
		}
	})
}

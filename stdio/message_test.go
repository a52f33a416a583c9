package stdio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// describe is a message in short.
func describe(m message) string {
	var b strings.Builder
	for _, part := range []struct {
		name string
		ids  []ident
	}{{"call", m.calls}, {"answer", m.answers}, {"cancel", m.cancelled}} {
		for _, id := range part.ids {
			fmt.Fprintf(&b, "%s %s=%s ", part.name, id.spelling, id.key)
		}
	}
	if m.method != "" {
		fmt.Fprintf(&b, "method %s ", m.method)
	}
	if m.failed {
		b.WriteString("failed ")
	}
	if m.batch {
		b.WriteString("batch ")
	}
	return strings.TrimSpace(b.String())
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{`{"jsonrpc":"2.0","id":1,"method":"a"}`, "call 1=n1 method a"},
		{` { "method" : "a" , "id" : "x" , "params" : { "id" : 7, "method": "b" } } `, `call "x"=sx method a`},
		{`{"id":1,"result":null}`, "answer 1=n1"},
		{`{"id":1,"error":{"code":1}}`, "answer 1=n1 failed"},
		{`{"id":1,"result":2,"error":null}`, "answer 1=n1"},
		{`{"id":1,"result":null,"error":{"code":1}}`, "answer 1=n1 failed"},
		{`{"method":"a"}`, "method a"},
		{`{"method":"a","id":null}`, "method a"},
		{`{"id":null,"error":{"code":-32700}}`, "failed"},
		{`{"method":"notifications/cancelled","params":{"requestId":"a\/b"}}`, `cancel "a\/b"=sa/b method notifications/cancelled`},
		{`{"method":"notifications/cancelled"}`, "method notifications/cancelled"},
		{`{"method":"notifications/cancelled","params":[1]}`, "method notifications/cancelled"},
		{`{"method":"$/cancelRequest","params":{"id":1}}`, "method $/cancelRequest"},
		{`{"id":1}`, ""},
		{`{"id":{"a":[1,"]}"]},"method":"x"}`, "method x"},
		{`{"id":true,"result":1}`, ""},
		{`{"id":1,"id":2,"method":"x","method":"y"}`, "call 2=n2 method y"},
		{"{\"\\u0069d\":3,\"m\\u0065thod\":\"\\u0078\"}", "call 3=n3 method x"},
		{`{"id":1.0,"result":1}`, "answer 1.0=n1"},
		{`{"id":1e2,"result":1}`, "answer 1e2=n100"},
		{`{"id":-0,"result":1}`, "answer -0=n0"},
		{`{"id":-5,"result":1}`, "answer -5=n-5"},
		{`{"id":12345678901234567890,"result":1}`, "answer 12345678901234567890=n12345678901234567890"},
		{`{"id":"1","result":1}`, `answer "1"=s1`},
		{`{"id":"\u00e9","result":1}`, `answer "\u00e9"=sé`},
		{`{"id":"é","result":1}`, `answer "é"=sé`},
		{`{"a\"id":1,"method":"x"}`, "method x"},
		{"{\"id\":\"\xff\",\"method\":\"x\"}", "call \"\xff\"=s\xff method x"},
		{`[{"id":1,"method":"a"},{"id":2,"method":"a"},{"id":9,"result":1},{"method":"n"},3]`, "call 1=n1 call 2=n2 answer 9=n9 batch"},
		{`[ ]`, "batch"},
		{`{"id":1,"method":"a"`, ""},
		{`{"id":1,"method":"a"}}`, ""},
		{`hello`, ""},
		{`"hello"`, ""},
		{``, ""},
		{"\ufeff" + `{"id":1,"method":"a"}`, ""},
		{`{"id":1,"method":"a","params":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "call 1=n1 method a"},
		{`{"id":1,"method":"a","params":` + strings.Repeat("[", 200000) + strings.Repeat("]", 200000) + `}`, ""},
	} {
		if got := describe(parse([]byte(test.text))); got != test.want {
			t.Errorf("%.80q: %s, want %s", test.text, got, test.want)
		}
	}
}

// What encoding/json sees in an object, we see.
func FuzzParse(f *testing.F) {
	f.Add(`{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":[1,{"y":"}"}]}}`)
	f.Add(`[{"id":"\u0061","result":1},{"\u0069d":-1.5e3,"error":{}}]`)
	f.Add(`{"a":"\\\"","id":"\"","method":"\ud800"}`)
	f.Add(" { } ")
	f.Fuzz(func(t *testing.T, text string) {
		m := parse([]byte(text))
		for _, ids := range [][]ident{m.calls, m.answers, m.cancelled} {
			for _, id := range ids {
				if !json.Valid(id.spelling) || !strings.Contains(text, string(id.spelling)) {
					t.Fatalf("%q is no id in %q", id.spelling, text)
				}
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &object) != nil || object == nil {
			return
		}
		trimmed := bytes.TrimLeft([]byte(text), " \t\r\n")
		seen := map[string]string{}
		for key, value := range members(trimmed) {
			name, ok := unquote(key)
			if bytes.IndexByte(key[1:len(key)-1], '"') >= 0 || bytes.IndexByte(key, '\\') >= 0 {
				return // was unescaped already
			}
			if !ok {
				t.Fatalf("key %q of %q", key, text)
			}
			seen[strings.ToValidUTF8(name, "\ufffd")] = string(value)
		}
		for key, value := range object {
			if got, ok := seen[strings.ToValidUTF8(key, "\ufffd")]; !ok && !strings.Contains(key, "\ufffd") {
				t.Fatalf("%q: no member %q", text, key)
			} else if ok && got != string(value) && !strings.Contains(key, "\ufffd") {
				t.Fatalf("%q: member %q is %q, want %q", text, key, got, value)
			}
		}
		var name string
		if json.Unmarshal(object["method"], &name) == nil && name != m.method && len(object["method"]) > 0 && object["method"][0] == '"' &&
			!strings.Contains(name, "\ufffd") {
			t.Fatalf("%q: method %q, want %q", text, m.method, name)
		}
	})
}

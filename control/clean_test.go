package control

import (
	"encoding/json"
	"testing"
	"unicode"
)

func TestCleanJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"b"}`:                    `{"a":"b"}`,
		`["\u001b[31m","\n\t\"\\n"]`:   `["\ufffd[31m","\ufffd\ufffd\"\\n"]`,
		`["\\u001b","\u00e4\u009b"]`:   `["\\u001b","\u00e4\ufffd"]`,
		`["\ud83d\ude00", "\/", "\\"]`: `["\ud83d\ude00", "\/", "\\"]`,
	} {
		if got := CleanJSON(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// FuzzCleanJSON: valid JSON stays valid, and its strings can be shown.
func FuzzCleanJSON(f *testing.F) {
	f.Add(`"\u001b[2J"`)
	f.Add(`"\\\u009b\n\ud83d\ude00\ud83d"`)
	f.Add(`"\u202e"`)
	f.Fuzz(func(t *testing.T, in string) {
		var text string
		if json.Unmarshal([]byte(in), &text) != nil || Clean(in) != in {
			return
		}
		var got string
		if err := json.Unmarshal([]byte(CleanJSON(in)), &got); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		for _, r := range got {
			// Of surrogates a pair may be any character beyond the first plane.
			if !unicode.IsPrint(r) && r != unicode.ReplacementChar && r < 0x10000 {
				t.Errorf("%q: %q", in, got)
			}
		}
	})
}

package status

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDocument: docs/status.md has each key of each object, with its type, in the order
// of the fields, and no other.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{}
	section := ""
	row := regexp.MustCompile("^\\| `([a-z_]+)` \\| ([a-z]+) \\| [^|]+ \\|$")
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		} else if m := row.FindStringSubmatch(line); m != nil {
			told[section] = append(told[section], m[1]+" "+m[2])
		} else if strings.HasPrefix(line, "| `") {
			t.Errorf("%s: not a key: %s", section, line)
		}
	}
	for section, value := range map[string]any{
		"The object": Status{}, "One of workers": Worker{}, "One of memory_history": Point{}, "forecast": Forecast{}, "One of ends": End{},
	} {
		if got, want := strings.Join(told[section], "\n"), strings.Join(keysOf(reflect.TypeOf(value)), "\n"); got != want {
			t.Errorf("%s: docs/status.md has\n%s\nand there are\n%s", section, got, want)
		}
		delete(told, section)
	}
	if len(told) > 0 {
		t.Errorf("not there: %v", told)
	}
	if !strings.Contains(string(text), `"schema": `+strconv.Itoa(Schema)) {
		t.Errorf("docs/status.md is not about schema %d", Schema)
	}
}

// keysOf are the keys of an object with their types in JSON.
func keysOf(of reflect.Type) (keys []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key+" "+jsonType(f.Type))
	}
	return keys
}

func jsonType(of reflect.Type) string {
	if of == reflect.TypeFor[time.Time]() {
		return "string"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return jsonType(of.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "number"
}

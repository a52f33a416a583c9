package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// choice is a flag that may stand alone, which means all, or have a value.
type choice string

// everything is what a choice without a value says.
const everything choice = "all"

// IsBool says that it needs no value (kong.BoolMapperValue).
func (*choice) IsBool() bool { return true }

// Decode reads the value, if there is one; from a file it may be true or false.
func (c *choice) Decode(ctx *kong.DecodeContext) error {
	*c = everything
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	switch value := ctx.Scan.Pop().Value.(type) {
	case string:
		switch value { // as kong reads a flag without a value from the environment
		case "true", "1", "yes":
		case "false", "0", "no":
			*c = ""
		default:
			*c = choice(value)
		}
	case bool:
		if !value {
			*c = ""
		}
	default:
		return fmt.Errorf("%v is no word", value)
	}
	return nil
}

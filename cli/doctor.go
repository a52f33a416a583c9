package cli

// verbDoctor stands first for "relance doctor".
const verbDoctor = "doctor"

// Doctor is what "relance doctor" is asked to do.
type Doctor struct{ JSON bool }

const doctorHelp = `Usage: relance doctor [--json]

Tell what this machine lets relance do: what each limit and budget would use
here, and the commands and lines that would give more. It tries what it tells,
and takes it back.

Flags:
  -h, --help    Show this help.
      --json    One JSON object, with stable keys.

Exit status: 0 if relance can run a command here, even where some limits would
be refused; 1 if it cannot; 125 the report could not be written.
`

// parseDoctor reads its few words without kong: they have no values and no twins
// in the environment.
func parseDoctor(words []string) (any, error) {
	var d Doctor
	for _, word := range words {
		switch word {
		case "--json":
			d.JSON = true
		case "-h", "--help":
			return Print{doctorHelp}, nil
		default:
			return nil, &Error{
				Msg:  "doctor " + quoteIfNeeded(word) + ": only --json is known",
				Hint: "relance doctor --help; a command of that name is run with relance -- doctor",
			}
		}
	}
	return &d, nil
}

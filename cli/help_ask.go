package cli

// What stands around the flags of the words that ask a relance that runs.

const statusUsage = `Usage: relance status [NAME] [--json] [--watch]

Tell how it goes: what runs and since when, its memory against its budget, what
it has served, when the next recycle comes, and how the last ones came.
`

const restartUsage = `Usage: relance restart [NAME] [--no-wait]

Ask for the next generation: the one that runs is shut down as for a spent
budget, or handed over. What happens is told until the next one is up.
`

const stopUsage = `Usage: relance stop [NAME] [--no-wait]

Ask relance to shut its command down and to end. What happens is told until it
has ended. Asked a second time, it kills.
`

const eventsUsage = `Usage: relance events [NAME] [--follow] [--json]

Tell what has happened last, and with --follow what happens from now on. Who
reads too slowly is told how many are missing.
`

const psUsage = `Usage: relance ps [NAME] [--json]

List the processes of the command: the whole tree, daemons too, of each
generation.
`

const askEnd = `
Exit status: 0 it was told; 125 nobody could be asked.
`

const orderEnd = `
Exit status: 0 it is done; 1 it did not come about; 125 nobody could be asked.
`

<?php
// Counts the requests of a PHP worker for relance --max-requests:
//
//     $relance = new Relance();
//     while ($request = next_request()) {
//         $relance->begin();
//         serve($request);
//         if ($relance->end() === 0) break;   // as many as it may
//     }
//
// Without relance it does nothing: begin and end return null.
class Relance
{
    private $stream;

    public function __construct()
    {
        $name = getenv('RELANCE_SOCKET');
        if ($name !== false) {
            $this->stream = @stream_socket_client('unix://' . preg_replace('/^@/', "\0", $name)) ?: null;
            $this->line(); // relance 1
        }
    }

    public function begin() { return $this->ask('begin'); }
    public function end() { return $this->ask('end'); }

    private function line() { return $this->stream ? fgets($this->stream, 2048) : false; }

    private function ask(string $word): ?int
    {
        if (!$this->stream || @fwrite($this->stream, "$word\n") === false) return null;
        do {
            $line = $this->line();
        } while ($line === "drain\n"); // the answer comes after it
        return $line !== false && sscanf($line, 'ok %d', $left) === 1 ? $left : null;
    }
}

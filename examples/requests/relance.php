<?php
// Counts the requests of a PHP worker for relance --max-requests:
//
//     $relance = new Relance();
//     while ($request = next_request()) {
//         $relance->begin();
//         serve($request);
//         if ($relance->end() === 0) break;
//     }
//
// Both return how many requests there may still be: begin counts its own as one of
// them, end returns 0 also when a stop is due. Without relance they return null.
class Relance
{
    private $stream, $leaving = false;

    public function __construct()
    {
        $name = getenv('RELANCE_SOCKET');
        if ($name !== false) {
            $this->stream = @stream_socket_client('unix://' . preg_replace('/^@/', "\0", $name)) ?: null;
            $this->line(); // relance 1
        }
    }

    public function begin(): ?int { return $this->ask('begin'); }

    public function end(): ?int
    {
        $left = $this->ask('end');
        return $this->leaving ? 0 : $left;
    }

    private function line() { return $this->stream ? fgets($this->stream, 2048) : false; }

    private function ask(string $word): ?int
    {
        if (!$this->stream || @fwrite($this->stream, "$word\n") === false) return null;
        while (($line = $this->line()) === "drain\n") { // the answer comes after it
            $this->leaving = true;
        }
        return $line !== false && sscanf($line, 'ok %d', $left) === 1 ? $left : null;
    }
}

<?php
// A server in PHP that takes one connection after the other, and leaves when it has served its share.
require $argv[2];
$relance = new Relance();
pcntl_async_signals(true);
pcntl_signal(SIGTERM, function () use (&$leave) { $leave = true; });
$server = stream_socket_server("tcp://127.0.0.1:$argv[1]");
for ($leave = false; !$leave;) {
    $peer = @stream_socket_accept($server, 60);
    if (!$peer) continue;
    $left = $relance->begin();
    if ($left === 1) {
        fclose($server); // the last one: nobody else connects in vain
        $leave = true;
    }
    [, $path] = explode(' ', fgets($peer));
    fwrite(STDOUT, "begun $path\n");
    while (trim(fgets($peer)) !== '');
    $body = "$path by " . getmypid() . "\n";
    fwrite($peer, "HTTP/1.0 200 OK\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body");
    fclose($peer);
    $relance->end();
}

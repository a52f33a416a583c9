"""Says with the library sdnotify all that a service says."""
import signal
import sdnotify

n = sdnotify.SystemdNotifier(debug=True)
for text in ("STATUS=starting", "EXTEND_TIMEOUT_USEC=5000000", "WATCHDOG_USEC=5000000", "WATCHDOG=1", "READY=1"):
    n.notify(text)
print("told", flush=True)
signal.pause()

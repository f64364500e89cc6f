"""Locks and unlocks by lines on its standard input, with kazoo's recipes, on one session. Ends with its input.

    python3 kazoo_peer.py HOST:PORT[,HOST:PORT...][/CHROOT] SESSION-MILLISECONDS
    lock ID mutex|read|write PATH MILLISECONDS [PATTERN...]   ID held, or ID late
    unlock ID                                                 ID free

A PATTERN is one of kazoo's extra_lock_patterns, such as -lock-, which is what lets it respect Curator's nodes.
What fails is answered by "ID error REASON".
"""
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout

client = KazooClient(hosts=sys.argv[1], timeout=int(sys.argv[2]) / 1000)
client.start()
held = {}
output = threading.Lock()


def say(line):
    with output:
        print(line, flush=True)


def lock(identifier, kind, path, milliseconds, *patterns):
    recipe = {"mutex": client.Lock, "write": client.WriteLock, "read": client.ReadLock}[kind]
    # None would look for kazoo's own names only, and so does an empty list.
    taken = recipe(path, identifier, extra_lock_patterns=list(patterns))
    try:
        if not taken.acquire(timeout=int(milliseconds) / 1000):
            return "late"
    except LockTimeout:
        return "late"
    held[identifier] = taken
    return "held"


def unlock(identifier):
    held.pop(identifier).release()
    return "free"


def work(words):
    try:
        say(f"{words[1]} {({'lock': lock, 'unlock': unlock})[words[0]](*words[1:])}")
    except Exception as error:  # the reader of the answers decides
        say(f"{words[1]} error {error!r}")


say("ready")
for line in sys.stdin:
    threading.Thread(target=work, args=(line.split(),), daemon=True).start()
client.stop()
client.close()

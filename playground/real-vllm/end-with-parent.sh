#!/bin/sh
# Runs a command as the leader of this process group, and kills the whole group when standard input ends: then the
# process that holds the other end has died, or the command has ended and left processes behind.
exec 3<&0
{ cat <&3 >/dev/null; kill -KILL 0; } &
exec "$@" 3<&- </dev/null

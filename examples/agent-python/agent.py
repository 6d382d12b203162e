#!/usr/bin/env python3
"""An agent that needs nothing but Python: agent.py HOST:PORT|SOCKET TYPE NAME"""
import json, socket, sys, threading, time
address, kind, name = sys.argv[1:4]
stream, group = "stream:scheduler:agent." + kind, "scheduler-agents"
def connect():
    s = socket.socket(socket.AF_UNIX if "/" in address else socket.AF_INET)
    s.connect(address if "/" in address else (address.rpartition(":")[0], int(address.rpartition(":")[2])))
    return s.makefile("rwb")
def read(f):
    mark, rest = (line := f.readline())[:1], line[1:-2]
    if mark in b"$*" and rest == b"-1": return None
    if mark == b"*": return [read(f) for _ in range(int(rest))]
    return f.read(int(rest) + 2)[:-2].decode() if mark == b"$" else rest.decode()
def redis(f, *words):
    words = [str(w).encode() for w in words]
    f.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)); f.flush()
    return read(f)
def beat(f=connect()):
    while redis(f, "XADD", "stream:scheduler:agent.heartbeats", "MAXLEN", "~", 1000, "*", "agent", name): time.sleep(1)
threading.Thread(target=beat, daemon=True).start()
f = connect(); redis(f, "XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
while True:
    for _, entries in redis(f, "XREADGROUP", "GROUP", group, name, "COUNT", 1, "BLOCK", 5000, "STREAMS", stream, ">") or []:
        task = dict(zip(*[iter(entries[0][1])] * 2)); payload = json.loads(task["payload"])
        for _ in range(int(10 * payload.get("seconds", 0))):  # the work; it stops when it is told to
            if redis(f, "EXISTS", task["cancel_key"]) == "0": time.sleep(0.1)
        redis(f, "XADD", task["reply_to"], "*", "task_id", task["task_id"], "reply_token", task["reply_token"],
              "status", "success", "result", json.dumps({"report": payload.get("report"), "by": name, "attempt": int(task["attempt"])}))
        redis(f, "XACK", stream, group, entries[0][0])

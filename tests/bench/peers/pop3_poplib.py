"""Reads a mailbox with Python's poplib: top|retr PORT USER PASSWORD."""

import json
import poplib
import sys
import time

task, port, user, password = sys.argv[1:5]
session = poplib.POP3("127.0.0.1", int(port))
session.user(user)
session.pass_(password)
begin = time.perf_counter()
accepted = 0
for row in session.uidl()[1]:
    number = int(row.split()[0])
    lines = session.top(number, 0)[1] if task == "top" else session.retr(number)[1]
    accepted += len(lines) > 0
ms = (time.perf_counter() - begin) * 1000
session.quit()
sys.stdout.write(json.dumps({"ms": ms, "accepted": accepted}))

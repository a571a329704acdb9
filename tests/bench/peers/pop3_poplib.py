"""Reads or empties a mailbox with Python's poplib: top|retr|dele PORT USER PASSWORD COUNT."""

import json
import poplib
import sys
import time

task, port, user, password, count = sys.argv[1:6]
session = poplib.POP3("127.0.0.1", int(port))
session.user(user)
session.pass_(password)
session.stat()  # the server has opened the mailbox now
begin = time.perf_counter()
accepted = 0
for row in session.uidl()[1][: int(count)]:
    number = int(row.split()[0])
    if task == "top":
        accepted += len(session.top(number, 0)[1]) > 0
    elif task == "retr":
        accepted += len(session.retr(number)[1]) > 0
    else:
        accepted += session.dele(number).startswith(b"+OK")
if task == "dele":
    session.quit()
ms = (time.perf_counter() - begin) * 1000
if task != "dele":
    session.quit()
sys.stdout.write(json.dumps({"ms": ms, "accepted": accepted}))

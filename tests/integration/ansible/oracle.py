"""Asks Ansible's own commands, as a black box: a question a line on stdin, an answer a line on stdout.

A question is {"cwd": ..., "argv": ["ansible-inventory", ...]}, an answer {"status", "stdout", "stderr"}. Ansible is
loaded once, and each command runs in a fork of its own, so that hundreds of questions take seconds.
"""

import json
import os
import sys
import tempfile

from ansible.cli import adhoc, inventory

COMMANDS = {"ansible": adhoc.main, "ansible-inventory": inventory.main}


def run(question, out, err):
    os.chdir(question["cwd"])
    for number, file in ((0, open(os.devnull)), (1, out), (2, err)):
        os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", closefd=False), open(2, "w", closefd=False)
    sys.argv = question["argv"]
    try:
        COMMANDS[sys.argv[0]](sys.argv)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1 if end.code else 0
    except BaseException as error:
        sys.stderr.write(repr(error))
        status = 250
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def answer(question):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            run(question, out, err)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"status": status, "stdout": out.read().decode(), "stderr": err.read().decode()}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)

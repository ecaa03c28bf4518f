#!/usr/bin/env python3
"""Run verify-ledger.py many times in one process: each line of standard input is a JSON array of its arguments, each line of
standard output a JSON object with its status and what it printed."""
import contextlib, importlib.util, io, json, pathlib, sys

script = pathlib.Path(__file__).with_name("verify-ledger.py")
spec = importlib.util.spec_from_file_location("verify_ledger", script)
verifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifier)
for line in sys.stdin:
    said, sys.argv = io.StringIO(), [str(script), *json.loads(line)]
    verifier.findings.clear()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try: verifier.main()
        except SystemExit as end: status = int(end.code or 0)
    print(json.dumps({"status": status, "text": said.getvalue()}))

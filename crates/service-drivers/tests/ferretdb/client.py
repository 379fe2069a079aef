"""Keeps connections of pymongo open: reads a request as JSON from each line, and prints what came of it."""

import sys

from bson import json_util
from pymongo import MongoClient

CLIENTS = {}


def open_client(request):
    # One connection, and none that is opened anew behind the test's back when the server has closed it.
    client = MongoClient(
        request["url"], maxPoolSize=1, serverSelectionTimeoutMS=20000, heartbeatFrequencyMS=600000, retryReads=False, retryWrites=False
    )
    try:
        if request["login"]:
            client.get_default_database("admin").command("dbStats")
    except Exception:
        client.close()
        raise
    name = len(CLIENTS)
    CLIENTS[name] = client
    return name


def command(request):
    # The command's name comes first, which a JSON object could not say.
    name, value, *others = request["command"]
    return CLIENTS[request["client"]][request["database"]].command({name: value, **(others[0] if others else {})})


def close(request):
    CLIENTS[request["client"]].close()


for line in sys.stdin:
    request = json_util.loads(line)
    try:
        answer = {"done": {"open": open_client, "command": command, "close": close}[request["do"]](request)}
    except Exception as error:
        answer = {"refused": f"{type(error).__name__}: {error}"}
    print(json_util.dumps(answer, json_options=json_util.RELAXED_JSON_OPTIONS), flush=True)

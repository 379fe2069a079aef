"""The release command of the tests: makes a table in the default database and notes that it ran."""

import os
import sys
import time

import psycopg2

if "FAIL_RELEASE" in os.environ:
    print("FAIL_RELEASE is set, the migration fails", flush=True)
    sys.exit(4)
if "HANG_RELEASE" in os.environ:
    print("HANG_RELEASE is set", flush=True)
    while True:
        time.sleep(1)
time.sleep(float(os.environ.get("SLOW_RELEASE", "0")))
url = os.environ.get("DATABASE_URL")
if url:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS notes (text text PRIMARY KEY)")
    cursor.execute("INSERT INTO notes VALUES (%s) ON CONFLICT DO NOTHING", ("from " + os.environ["STAGE"],))
    print("the table is there", flush=True)

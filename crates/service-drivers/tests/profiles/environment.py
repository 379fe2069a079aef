"""Reads a case as JSON, gives a library that environment and no other words, and prints what it finds."""

import json
import os
import sys


def boto3():
    from urllib.parse import urlsplit

    import boto3

    client = boto3.client("s3")
    found = client._request_signer._credentials
    link = urlsplit(client.generate_presigned_url("get_object", {"Bucket": os.environ["S3_BUCKET"], "Key": "key"}))
    in_path = link.path == f"/{os.environ['S3_BUCKET']}/key" and link.netloc == "db.internal:6543"
    style = "path" if in_path else link.geturl()
    return [found.access_key, found.secret_key, client.meta.region_name, client.meta.endpoint_url, style]


def database():
    import environ

    found = environ.Env().db()
    return [found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]


def cache():
    import environ

    found = environ.Env().cache()
    # Which backend it is depends on what is installed.
    return [found["BACKEND"].rpartition(".")[0], found["LOCATION"]]


def search():
    import environ

    found = environ.Env().search_url()
    return [found["URL"], found["INDEX_NAME"]]


if __name__ == "__main__":
    case = json.load(sys.stdin)
    os.environ.update(case["environment"])
    print(json.dumps([str(part) for part in globals()[case["library"]]()]))

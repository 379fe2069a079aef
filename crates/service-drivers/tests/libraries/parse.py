"""Reads cases as JSON, has each URL parsed by the library that the case names, and prints what came of it."""

import json
import sys


def dj_database_url(url):
    import dj_database_url

    found = dj_database_url.parse(url)
    return [found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]


def django_environ(url):
    import environ

    found = environ.Env.db_url_config(url)
    return [found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]


def sqlalchemy(url):
    from sqlalchemy.engine import make_url

    found = make_url(url)
    return [found.username, found.password, found.host, found.port, found.database]


def redis(url):
    from redis.connection import parse_url

    found = parse_url(url)
    return [found[name] for name in ("username", "password", "host", "port", "db")]


def pika(url):
    import pika

    found = pika.URLParameters(url)
    return [found.credentials.username, found.credentials.password, found.host, found.port, found.virtual_host]


def kombu(url):
    import kombu

    found = kombu.Connection(url)
    return [found.userid, found.password, found.hostname, found.port, found.virtual_host]


def pymongo(url):
    from pymongo.uri_parser import parse_uri

    found = parse_uri(url)
    (host, port), options = found["nodelist"][0], {name.lower(): value for name, value in found["options"].items()}
    # Where its user is known, and that no write is done again behind the application's back.
    assert options["authsource"] == found["database"] and options["retrywrites"] is False, options
    return [found["username"], found["password"], host, port, found["database"]]


def opensearch(url):
    # What the client does first with a URL; the client itself cannot send what is not Latin-1.
    from opensearchpy.client.utils import _normalize_hosts

    found = _normalize_hosts([url])[0]
    user, password = found["http_auth"].split(":", 1)
    return [user, password, found["host"], found["port"], found.get("url_prefix", "")]


def django_storage_url(url):
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django_storage_url import get_storage

    found = get_storage(url)
    # What it does with it: by HTTPS, the bucket in the path, objects private and links signed.
    assert found.addressing_style == "path" and found.signature_version == "s3v4"
    assert found.object_parameters == {"ACL": "private"} and found.querystring_auth
    return [found.access_key, found.secret_key, found.endpoint_url, found.region_name, found.bucket_name]


def django_storage_url_azure(url):
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django_storage_url import get_storage

    found = get_storage(url)
    assert found.azure_ssl and found.account_key is None
    return [found.account_name, found.sas_token, found.base_url, found.azure_container]


if __name__ == "__main__":
    for case in json.load(sys.stdin):
        print(json.dumps([str(part) for part in globals()[case["library"]](case["url"])]))

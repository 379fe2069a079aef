"""An application that uses services of every type, each as its variables and the usual libraries say.

GET /            what each service keeps for it, by the name of the variable
GET /put/VALUE   has each service keep the value
GET /link/PORT   a link to what each object storage keeps, for a router at that port
GET /upload/PORT the same to put it there
"""

import base64
import json
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

KEY = "kept"


class Mysql:
    def __init__(self, name, url):
        import pymysql

        parts = urlsplit(url)
        self.connection = pymysql.connect(
            host=parts.hostname,
            port=parts.port,
            user=unquote(parts.username),
            password=unquote(parts.password),
            database=unquote(parts.path[1:]),
            autocommit=True,
            connect_timeout=5,
        )
        with self.connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS kept (name varchar(50) PRIMARY KEY, value text)")

    def put(self, value):
        with self.connection.cursor() as cursor:
            cursor.execute("REPLACE INTO kept VALUES (%s, %s)", (KEY, value))

    def get(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT value FROM kept WHERE name = %s", (KEY,))
            row = cursor.fetchone()
        return row and row[0]

    def close(self):
        self.connection.close()


class Postgres(Mysql):
    def __init__(self, name, url):
        import psycopg2

        self.connection = psycopg2.connect(url, connect_timeout=5)
        self.connection.autocommit = True
        with self.connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS kept (name text PRIMARY KEY, value text)")

    def put(self, value):
        with self.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kept VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
                (KEY, value),
            )


class Redis:
    def __init__(self, name, url):
        import redis

        self.client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)

    def put(self, value):
        self.client.set(KEY, value)

    def get(self):
        return self.client.get(KEY)

    def close(self):
        self.client.close()


class Memcached:
    def __init__(self, name, servers):
        from pymemcache.client.base import Client

        self.client = Client(servers, connect_timeout=5, timeout=5)

    def put(self, value):
        self.client.set(KEY, value)

    def get(self):
        value = self.client.get(KEY)
        return value and value.decode()

    def close(self):
        self.client.close()


class Rabbitmq:
    def __init__(self, name, url):
        import pika

        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.channel.queue_declare(KEY, durable=True)

    def put(self, value):
        self.channel.queue_purge(KEY)
        self.channel.confirm_delivery()
        self.channel.basic_publish("", KEY, value.encode())

    def get(self):
        method, _, body = self.channel.basic_get(KEY)
        if method is None:
            return None
        self.channel.basic_nack(method.delivery_tag, requeue=True)
        return body.decode()

    def close(self):
        self.connection.close()


class S3:
    def __init__(self, name, dsn):
        import boto3
        from botocore.client import Config

        def part(suffix):
            return os.environ[name.removesuffix("DSN") + suffix]

        self.bucket = part("BUCKET")
        self.host = urlsplit(dsn).hostname
        self.client = boto3.client(
            "s3",
            endpoint_url=part("ENDPOINT_URL"),
            region_name=part("REGION"),
            aws_access_key_id=part("ACCESS_KEY_ID"),
            aws_secret_access_key=part("SECRET_ACCESS_KEY"),
            config=Config(s3={"addressing_style": part("ADDRESSING_STYLE")}, connect_timeout=5),
        )

    def put(self, value):
        self.client.put_object(Bucket=self.bucket, Key=KEY, Body=value.encode())

    def get(self):
        try:
            return self.client.get_object(Bucket=self.bucket, Key=KEY)["Body"].read().decode()
        except self.client.exceptions.NoSuchKey:
            return None

    def link(self, name, port, call="get_object"):
        """A signed link by the bucket's name for signed requests, as a browser would be given it."""
        import boto3
        from botocore.client import Config

        def part(suffix):
            return os.environ[name.removesuffix("DSN") + suffix]

        domain = self.host.removeprefix(self.bucket + ".")
        public = boto3.client(
            "s3",
            endpoint_url=f"http://{domain}:{port}",
            region_name=part("REGION"),
            aws_access_key_id=part("ACCESS_KEY_ID"),
            aws_secret_access_key=part("SECRET_ACCESS_KEY"),
            config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
        )
        return public.generate_presigned_url(call, {"Bucket": self.bucket, "Key": KEY})

    def close(self):
        self.client.close()


class Search:
    def __init__(self, name, url):
        self.index = os.environ[name.removesuffix("URL") + "INDEX_PREFIX"] + "notes"
        parts = urlsplit(url)
        self.server = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        login = f"{unquote(parts.username)}:{unquote(parts.password)}".encode()
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(login).decode(),
            "Content-Type": "application/json",
        }

    def ask(self, method, path, body=None):
        data = body and json.dumps(body).encode()
        request = Request(f"{self.server}/{self.index}/{path}", data, self.headers, method=method)
        try:
            with urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code == 404:
                return None
            raise

    def put(self, value):
        self.ask("PUT", f"_doc/{KEY}?refresh=true", {"value": value})

    def get(self):
        found = self.ask("GET", f"_doc/{KEY}")
        return found and found["_source"]["value"]

    def close(self):
        pass


class Mongodb:
    def __init__(self, name, url):
        import pymongo

        self.client = pymongo.MongoClient(url, serverSelectionTimeoutMS=5000)
        self.kept = self.client.get_default_database()["kept"]

    def put(self, value):
        self.kept.replace_one({"_id": KEY}, {"_id": KEY, "value": value}, upsert=True)

    def get(self):
        found = self.kept.find_one({"_id": KEY})
        return found and found["value"]

    def close(self):
        self.client.close()


KINDS = [
    ("_DATABASE_DSN", "postgres:", Postgres),
    ("_DATABASE_DSN", "mysql:", Mysql),
    ("_CACHE_URL", "redis:", Redis),
    ("_MEMCACHE_SERVERS", "", Memcached),
    ("_AMQP_BROKER_URL", "amqp:", Rabbitmq),
    ("_STORAGE_DSN", "s3:", S3),
    ("_ELASTICSEARCH_URL", "http:", Search),
    ("_MONGODB_URL", "mongodb:", Mongodb),
]


def services():
    for name, value in sorted(os.environ.items()):
        for suffix, scheme, kind in KINDS:
            if name.endswith(suffix) and value.startswith(scheme):
                yield name, kind(name, value)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, value = 200, {}
            for name, service in services():
                if self.path.startswith("/put/"):
                    service.put(self.path.removeprefix("/put/"))
                if self.path.startswith("/link/"):
                    value[name] = service.link(name, self.path.removeprefix("/link/"))
                elif self.path.startswith("/upload/"):
                    value[name] = service.link(name, self.path.removeprefix("/upload/"), "put_object")
                else:
                    value[name] = service.get()
                service.close()
        except Exception as error:
            status, value = 500, {"error": f"{type(error).__name__}: {error}"}
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()

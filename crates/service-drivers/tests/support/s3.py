"""Uses object storage as an application does that was given the variables."""

import io
import os
import urllib.request

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

get = lambda part: os.environ["DEFAULT_STORAGE_" + part]
done = []
client = boto3.client(
    "s3",
    endpoint_url=get("ENDPOINT_URL"),
    region_name=get("REGION"),
    aws_access_key_id=get("ACCESS_KEY_ID"),
    aws_secret_access_key=get("SECRET_ACCESS_KEY"),
    config=Config(signature_version="s3v4", s3={"addressing_style": get("ADDRESSING_STYLE")}, retries={"total_max_attempts": 1}),
)
bucket = get("BUCKET")
key = "media/ü b+c&d.txt"
client.put_object(Bucket=bucket, Key=key, Body=b"content", ContentType="text/plain", ACL="private")
done.append("written")
assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"content"
done.append("read")
assert [found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
# Some servers refuse it, and none shows another's.
try:
    assert [found["Name"] for found in client.list_buckets()["Buckets"]] == [bucket]
except ClientError as error:
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response
done.append("listed")
link = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)
assert urllib.request.urlopen(link, timeout=30).read() == b"content"
done.append("linked")
large = os.urandom(20 * 1024 * 1024)
client.upload_fileobj(io.BytesIO(large), bucket, "large")
assert client.get_object(Bucket=bucket, Key="large")["Body"].read() == large
done.append("in parts")
for refused in (lambda: client.delete_bucket(Bucket=bucket), lambda: client.create_bucket(Bucket="another-of-mine")):
    try:
        refused()
        raise SystemExit("not refused")
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response
done.append("refused")
# The library finds all of it by itself.
unaided = boto3.client("s3")
assert unaided.get_object(Bucket=os.environ["S3_BUCKET"], Key=key)["Body"].read() == b"content"
done.append("by the environment")
print(", ".join(done))

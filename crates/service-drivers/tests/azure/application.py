"""An application that keeps its files in Azure Blob Storage, with nothing but its variables."""

from os import environ

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

done = []
service = BlobServiceClient(environ["DEFAULT_STORAGE_ENDPOINT_URL"], credential=environ["DEFAULT_STORAGE_SAS_TOKEN"])
container = service.get_container_client(environ["DEFAULT_STORAGE_CONTAINER"])

container.upload_blob("a folder/ü.txt", b"hello", overwrite=True)
done.append("written")
assert container.download_blob("a folder/ü.txt").readall() == b"hello"
done.append("read")
assert [blob.name for blob in container.list_blobs()] == ["a folder/ü.txt"]
done.append("listed")

blocks = service.get_container_client(environ["DEFAULT_STORAGE_CONTAINER"]).get_blob_client("blocks")
blocks.stage_block("1", b"a" * 1000)
blocks.stage_block("2", b"b" * 1000)
blocks.commit_block_list(["1", "2"])
assert blocks.get_blob_properties().size == 2000
done.append("in blocks")

for forbidden in (container.delete_container, container.get_container_access_policy, container.get_container_properties):
    try:
        forbidden()
    except HttpResponseError as error:
        assert error.status_code == 403, error
    else:
        raise AssertionError(forbidden)
done.append("refused")
print(", ".join(done))

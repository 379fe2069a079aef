"""Uses the server as an application does that was given the variables, and says how many documents it found."""

import os

from opensearchpy import OpenSearch, helpers

client = OpenSearch([os.environ["OPENSEARCH_URL"]], timeout=60)
index = os.environ["DEFAULT_ELASTICSEARCH_INDEX_PREFIX"] + "boats"
client.indices.delete(index=index, ignore=404)
client.indices.create(index=index)
documents = ({"_index": index, "_id": number, "number": number} for number in range(10))
helpers.bulk(client, documents, refresh=True)
assert client.count(index=index)["count"] == 10
# Scrolls, and ends its scroll.
print(len(list(helpers.scan(client, index=index, size=3))), "found")

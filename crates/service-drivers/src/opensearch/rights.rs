//! What a tenant may do.

use serde_json::{Map, Value, json};
use windlass_services::InstanceSpec;

use super::flavour::Flavour;
use super::names::{InstanceMark, pattern};

/// OpenSearch's actions that name no index themselves: each of their parts is looked at again with its own.
const OPENSEARCH_CLUSTER: [&str; 8] = [
    // The version, for which every client library asks first.
    "cluster:monitor/main",
    "indices:data/write/bulk",
    "indices:data/write/reindex",
    "indices:data/read/mget",
    "indices:data/read/msearch",
    "indices:data/read/mtv",
    "indices:data/read/scroll",
    // Ends all scrolls too, where that is asked for; without it, the usual libraries' scans end in an error.
    "indices:data/read/scroll/clear",
];

/// OpenSearch's actions on the instance's indices: all but those by which an alias comes about
/// (`indices:admin/aliases`, `indices:admin/resize`, `indices:admin/rollover`), and data streams, which are not
/// known by their prefix.
const OPENSEARCH_INDICES: [&str; 21] = [
    "indices:data/*",
    "indices:monitor/*",
    "indices:admin/create",
    "indices:admin/auto_create",
    "indices:admin/delete",
    "indices:admin/get",
    "indices:admin/exists",
    "indices:admin/mapping*",
    "indices:admin/settings/*",
    "indices:admin/aliases/get*",
    "indices:admin/aliases/exists*",
    "indices:admin/refresh*",
    "indices:admin/flush*",
    "indices:admin/forcemerge*",
    "indices:admin/cache/clear*",
    "indices:admin/open*",
    "indices:admin/close*",
    "indices:admin/block/add*",
    "indices:admin/analyze*",
    "indices:admin/validate/query*",
    "indices:admin/shards/search_shards*",
];

/// The role of an instance, with its mark.
pub(super) fn role(flavour: Flavour, spec: &InstanceSpec) -> Value {
    let pattern = pattern(spec.instance);
    let rights = match flavour {
        Flavour::Opensearch => json!({
            "cluster_permissions": OPENSEARCH_CLUSTER,
            "index_permissions": [{
                "index_patterns": [pattern],
                "allowed_actions": OPENSEARCH_INDICES,
            }],
        }),
        // It looks at the names of aliases as at those of indices, and at ending all scrolls apart.
        Flavour::Elasticsearch => json!({
            "cluster": ["cluster:monitor/main"],
            "indices": [{ "names": [pattern], "privileges": ["all"] }],
        }),
    };
    let mut role = match rights {
        Value::Object(rights) => rights,
        _ => Map::new(),
    };
    let mark = InstanceMark::text(spec.instance, spec.connection_limit, &spec.comment);
    flavour.mark_role(&mut role, mark);
    Value::Object(role)
}

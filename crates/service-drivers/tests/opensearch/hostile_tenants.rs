//! What tenants may do, and what they may not.

use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_services::conformance::Fixture as _;
use windlass_services::{BindingSpec, Driver, InstanceSpec};

use crate::fixture::{Opensearch, name};
use crate::server::shared;
use crate::tenant::Tenant;

/// Two instances: one's tenant, who attacks, and the other's, with a document in its index `...-data`.
struct Both {
    fixture: Opensearch,
    mine: (InstanceSpec, BindingSpec),
    theirs: (InstanceSpec, BindingSpec),
}

impl Both {
    async fn new() -> Self {
        let server = shared().await;
        let fixture = Opensearch::new(server, server.administrator.clone());
        let (mine, theirs) = (fixture.made().await, fixture.made().await);
        let both = Self {
            fixture,
            mine,
            theirs,
        };
        for (tenant, name) in [(both.me(), both.own()), (both.them(), both.other())] {
            let written = tenant
                .write(&format!("{name}-data"), "key", "private")
                .await;
            written.expect("write");
        }
        both
    }

    fn me(&self) -> Tenant {
        self.fixture.tenant(&self.mine.0, &self.mine.1)
    }

    fn them(&self) -> Tenant {
        self.fixture.tenant(&self.theirs.0, &self.theirs.1)
    }

    fn own(&self) -> String {
        name(self.mine.0.instance)
    }

    fn other(&self) -> String {
        name(self.theirs.0.instance)
    }

    async fn end(self) {
        let read = self
            .them()
            .read(&format!("{}-data", self.other()), "key")
            .await;
        assert_eq!(
            read.expect("read").as_deref(),
            Some("private"),
            "nothing was done to it"
        );
        self.fixture.destroy(&self.mine.0).await;
        self.fixture.destroy(&self.theirs.0).await;
    }
}

#[tokio::test]
async fn an_instance_can_be_used_as_libraries_use_it() {
    let both = Both::new().await;
    let (me, own) = (both.me(), both.own());
    let index = format!("{own}-shop");
    let schema = json!({
        "settings": { "number_of_shards": 1 },
        "mappings": { "properties": { "title": { "type": "text" }, "price": { "type": "integer" } } },
    });
    me.done(Method::PUT, &index, schema).await;
    let head = me.ask(Method::HEAD, &index, Value::Null).await;
    assert_eq!(head.0, StatusCode::OK, "it exists");
    let lines = format!(
        "{}\n{}\n{}\n{}\n",
        json!({ "index": { "_index": index, "_id": "1" } }),
        json!({ "title": "a red boat", "price": 5 }),
        json!({ "index": { "_index": index, "_id": "2" } }),
        json!({ "title": "two blue boats", "price": 7 }),
    );
    let (status, answer) = me.send(Method::POST, "_bulk?refresh=true", lines).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["errors"], false, "{answer}");

    let found = json!({ "query": { "match": { "title": "boat" } }, "aggs": { "p": { "sum": { "field": "price" } } } });
    let answer = me
        .done(Method::POST, &format!("{index}/_search"), found)
        .await;
    assert_eq!(answer["hits"]["total"]["value"], 1, "{answer}");
    let all = me
        .done(Method::GET, &format!("{own}-*/_count"), Value::Null)
        .await;
    assert_eq!(all["count"], 3, "{all}");

    let scroll = me
        .done(
            Method::GET,
            &format!("{index}/_search?scroll=1m&size=1"),
            Value::Null,
        )
        .await;
    let id = json!({ "scroll_id": scroll["_scroll_id"], "scroll": "1m" });
    let next = me.done(Method::POST, "_search/scroll", id).await;
    assert_eq!(
        next["hits"]["hits"].as_array().map(Vec::len),
        Some(1),
        "{next}"
    );
    let id = json!({ "scroll_id": next["_scroll_id"] });
    me.done(Method::DELETE, "_search/scroll", id).await;
    let point = format!("{index}/_search/point_in_time?keep_alive=1m");
    let point = me.done(Method::POST, &point, Value::Null).await;
    let search = json!({ "pit": { "id": point["pit_id"] } });
    me.done(Method::POST, "_search", search).await;
    let point = json!({ "pit_id": [point["pit_id"]] });
    me.done(Method::DELETE, "_search/point_in_time", point)
        .await;

    let script = json!({ "script": { "source": "ctx._source.price += params.more", "params": { "more": 1 } } });
    me.done(
        Method::POST,
        &format!("{index}/_update/1?refresh=true"),
        script,
    )
    .await;
    let query = json!({ "query": { "match_all": {} } });
    let path = format!("{index}/_update_by_query?refresh=true");
    me.done(Method::POST, &path, query.clone()).await;
    let copy = json!({ "source": { "index": index }, "dest": { "index": format!("{own}-copy") } });
    me.done(Method::POST, "_reindex?refresh=true", copy).await;
    let path = format!("{own}-copy/_delete_by_query");
    me.done(Method::POST, &path, query).await;
    let docs = json!({ "docs": [{ "_index": index, "_id": "1" }] });
    let got = me.done(Method::POST, "_mget", docs).await;
    assert_eq!(got["docs"][0]["_source"]["price"], 6, "{got}");
    let searches = format!("{}\n{}\n", json!({ "index": index }), json!({}));
    let (status, answer) = me.send(Method::POST, "_msearch", searches).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["responses"][0]["status"], 200, "{answer}");
    for (method, path, body) in [
        (
            Method::PUT,
            "_mapping",
            json!({ "properties": { "more": { "type": "keyword" } } }),
        ),
        (Method::GET, "_mapping", Value::Null),
        (
            Method::PUT,
            "_settings",
            json!({ "index.refresh_interval": "5s" }),
        ),
        (Method::GET, "_settings", Value::Null),
        (Method::GET, "_alias", Value::Null),
        (Method::GET, "_stats", Value::Null),
        (Method::POST, "_refresh", Value::Null),
        (Method::POST, "_flush", Value::Null),
        (Method::POST, "_forcemerge", Value::Null),
        (Method::POST, "_cache/clear", Value::Null),
        (
            Method::POST,
            "_analyze",
            json!({ "text": "boats", "analyzer": "english" }),
        ),
        (Method::GET, "_validate/query", Value::Null),
        (Method::GET, "_field_caps?fields=*", Value::Null),
        (Method::POST, "_close", Value::Null),
        (Method::POST, "_open", Value::Null),
    ] {
        me.done(method, &format!("{index}/{path}"), body).await;
    }
    me.done(Method::DELETE, &index, Value::Null).await;
    both.end().await;
}

#[tokio::test]
async fn the_cluster_is_closed_to_tenants() {
    let both = Both::new().await;
    let (me, own) = (both.me(), both.own());
    for path in [
        "_cat/indices",
        "_cat/aliases",
        "_cat/shards",
        "_cat/nodes",
        "_cat/count",
        "_cat/tasks",
        "_cluster/state",
        "_cluster/health",
        "_cluster/stats",
        "_cluster/settings",
        "_cluster/pending_tasks",
        "_nodes",
        "_nodes/stats",
        "_nodes/hot_threads",
        "_tasks",
        "_template",
        "_index_template",
        "_component_template",
        "_ingest/pipeline",
        "_search/pipeline",
        "_scripts/any",
        "_snapshot",
        "_dangling",
        "_remote/info",
        "_stats",
        "_segments",
        "_recovery",
        "_mapping",
        "_settings",
        "_alias",
        "_data_stream",
        "_search",
        "_all/_search",
        "svc-*/_search",
        "_search?scroll=1m",
        "_all/_search?scroll=1m",
        "_search_shards",
        "_field_caps?fields=*",
        "_resolve/index/*",
        "_search/point_in_time/_all",
        "_plugins/_security/api/roles",
        "_plugins/_security/api/internalusers",
        "_plugins/_security/api/rolesmapping",
        "_plugins/_security/api/securityconfig",
        ".opendistro_security/_search",
    ] {
        let (status, answer) = me.get(path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }
    let settings =
        json!({ "template": { "settings": { "number_of_shards": 1 } }, "index_patterns": ["*"] });
    let user = json!({ "password": "Taken-and-very-long-0123456789", "opendistro_security_roles": ["all_access"] });
    let api = "_plugins/_security/api";
    for (method, path, body) in [
        (
            Method::PUT,
            "_index_template/mine".to_owned(),
            settings.clone(),
        ),
        (Method::PUT, format!("_index_template/{own}-mine"), settings),
        (
            Method::PUT,
            "_template/mine".to_owned(),
            json!({ "index_patterns": ["*"] }),
        ),
        (
            Method::PUT,
            "_component_template/mine".to_owned(),
            json!({ "template": { "settings": { "number_of_shards": 1 } } }),
        ),
        (
            Method::PUT,
            "_ingest/pipeline/mine".to_owned(),
            json!({ "processors": [] }),
        ),
        (
            Method::PUT,
            "_search/pipeline/mine".to_owned(),
            json!({ "request_processors": [] }),
        ),
        (
            Method::PUT,
            "_scripts/mine".to_owned(),
            json!({ "script": { "lang": "painless", "source": "1" } }),
        ),
        (
            Method::PUT,
            "_cluster/settings".to_owned(),
            json!({ "persistent": { "action.auto_create_index": "false" } }),
        ),
        (Method::POST, "_cluster/reroute".to_owned(), Value::Null),
        (
            Method::PUT,
            "_snapshot/mine".to_owned(),
            json!({ "type": "fs", "settings": { "location": "/tmp/mine" } }),
        ),
        (
            Method::PUT,
            format!("{api}/internalusers/{own}-9"),
            user.clone(),
        ),
        (Method::PUT, format!("{api}/internalusers/{own}-1"), user),
        (
            Method::PUT,
            format!("{api}/roles/{own}"),
            json!({ "cluster_permissions": ["*"] }),
        ),
        (
            Method::PUT,
            format!("{api}/rolesmapping/all_access"),
            json!({ "users": ["*"] }),
        ),
        (Method::DELETE, format!("{api}/roles/{own}"), Value::Null),
        (
            Method::DELETE,
            "_search/point_in_time/_all".to_owned(),
            Value::Null,
        ),
        (Method::POST, "_flush".to_owned(), Value::Null),
        (Method::POST, "_cache/clear".to_owned(), Value::Null),
        (Method::DELETE, "*".to_owned(), Value::Null),
        (Method::DELETE, "_all".to_owned(), Value::Null),
        (Method::PUT, "other".to_owned(), Value::Null),
        (Method::PUT, "other/_doc/1".to_owned(), json!({})),
        (Method::PUT, ".kibana/_doc/1".to_owned(), json!({})),
    ] {
        let (status, answer) = me.ask(method, &path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }
    both.end().await;
}

#[tokio::test]
async fn another_instances_indices_are_closed_by_every_way() {
    let both = Both::new().await;
    let (me, own, other) = (both.me(), both.own(), both.other());
    let (mine, theirs) = (format!("{own}-data"), format!("{other}-data"));
    for (method, path, body) in [
        (Method::GET, format!("{theirs}/_doc/key"), Value::Null),
        (Method::GET, format!("{mine},{theirs}/_search"), Value::Null),
        (
            Method::GET,
            format!("{own}-*,{other}-*/_search?ignore_unavailable=true"),
            Value::Null,
        ),
        (
            Method::PUT,
            format!("{theirs}/_doc/key"),
            json!({ "value": "mine" }),
        ),
        (Method::DELETE, theirs.clone(), Value::Null),
        (Method::PUT, format!("{other}-new"), Value::Null),
        (
            Method::PUT,
            format!("{theirs}/_settings"),
            json!({ "index.blocks.read": true }),
        ),
        (Method::POST, format!("{theirs}/_close"), Value::Null),
        (
            Method::POST,
            format!("{mine}/_search"),
            // A query that takes its terms from another index.
            json!({ "query": { "terms": { "value.keyword": { "index": theirs, "id": "key", "path": "value" } } } }),
        ),
        (
            Method::POST,
            "_reindex".to_owned(),
            json!({ "source": { "index": theirs }, "dest": { "index": format!("{own}-stolen") } }),
        ),
    ] {
        let (status, answer) = me.ask(method, &path, body).await;
        let text = answer.to_string();
        let is_refused = status == StatusCode::FORBIDDEN || text.contains("security_exception");
        assert!(
            is_refused && !text.contains("private"),
            "{path}: {status} {answer}"
        );
    }
    // A query for what is like a document of theirs finds nothing, though what I have is the same.
    let like = json!({ "query": { "more_like_this": {
        "fields": ["value"],
        "like": [{ "_index": theirs, "_id": "key" }],
        "min_term_freq": 1,
        "min_doc_freq": 1,
    } } });
    let written = me.write(&mine, "another", "private").await;
    written.expect("write");
    let (_, answer) = me.ask(Method::POST, &format!("{mine}/_search"), like).await;
    let hits = answer["hits"]["total"]["value"].as_u64();
    assert!(hits.is_none_or(|hits| hits == 0), "{answer}");
    // Of requests with several parts each has its own answer.
    let docs = json!({ "docs": [{ "_index": theirs, "_id": "key" }] });
    let (_, answer) = me.ask(Method::POST, "_mget", docs).await;
    assert!(answer["docs"][0]["error"].is_object(), "{answer}");
    let searches = format!("{}\n{}\n", json!({ "index": theirs }), json!({}));
    let (_, answer) = me.send(Method::POST, "_msearch", searches).await;
    assert_eq!(answer["responses"][0]["status"], 403, "{answer}");
    let lines = format!(
        "{}\n{}\n",
        json!({ "index": { "_index": theirs, "_id": "key" } }),
        json!({ "value": "mine" })
    );
    let (_, answer) = me.send(Method::POST, "_bulk", lines).await;
    assert_eq!(answer["items"][0]["index"]["status"], 403, "{answer}");
    let copy = json!({ "source": { "index": mine }, "dest": { "index": theirs } });
    let (_, answer) = me.ask(Method::POST, "_reindex", copy).await;
    assert_eq!(answer["created"].as_u64().unwrap_or(0), 0, "{answer}");
    assert_eq!(answer["updated"].as_u64().unwrap_or(0), 0, "{answer}");
    both.end().await;
}

/// An alias may have any name; one in another's prefix would be theirs to write through.
#[tokio::test]
async fn no_alias_can_be_made_by_any_way() {
    let both = Both::new().await;
    let (me, own, other) = (both.me(), both.own(), both.other());
    let mine = format!("{own}-data");
    let trap = format!("{other}-orders");
    let aliases = json!({ "aliases": { trap.as_str(): {} } });
    let parts =
        json!({ "aliases": { trap.as_str(): {} }, "settings": { "index.number_of_shards": 2 } });
    let block = json!({ "index.blocks.write": true });
    me.done(Method::PUT, &format!("{mine}/_settings"), block)
        .await;
    for (method, path, body) in [
        (
            Method::POST,
            "_aliases".to_owned(),
            json!({ "actions": [{ "add": { "index": mine, "alias": trap } }] }),
        ),
        (
            Method::POST,
            "_aliases".to_owned(),
            json!({ "actions": [{ "remove_index": { "index": format!("{other}-data") } }] }),
        ),
        (Method::PUT, format!("{mine}/_alias/{trap}"), Value::Null),
        (Method::PUT, format!("{own}-new"), aliases.clone()),
        (
            Method::POST,
            format!("{mine}/_clone/{own}-new"),
            aliases.clone(),
        ),
        (Method::POST, format!("{mine}/_split/{own}-new"), parts),
        (Method::POST, format!("{mine}/_shrink/{own}-new"), aliases),
        (
            Method::POST,
            format!("{mine}/_rollover/{own}-new"),
            Value::Null,
        ),
    ] {
        let (status, answer) = me.ask(method, &path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }
    let root = both.fixture.server.root();
    let (status, _) = root
        .ask(Method::HEAD, &format!("_alias/{trap}"), Value::Null)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    both.end().await;
}

#[tokio::test]
async fn a_password_that_a_tenant_changed_is_set_again_and_revoked() {
    let both = Both::new().await;
    let (spec, binding) = &both.mine;
    let changed = json!({
        "current_password": binding.password.expose_secret(),
        "password": "Changed-and-very-long-0123456789",
    });
    let user = format!("{}-1", both.own());
    // All users of the server are one document: who meets another's change is told to come again.
    loop {
        let path = "_plugins/_security/api/account";
        let (status, answer) = both.me().ask(Method::PUT, path, changed.clone()).await;
        if status != StatusCode::CONFLICT {
            assert!(status.is_success(), "{status} {answer}");
            break;
        }
    }
    let changed = both
        .fixture
        .server
        .tenant(&user, "Changed-and-very-long-0123456789");
    assert_eq!(changed.get("").await.0, StatusCode::OK);
    let (driver, access) = (&both.fixture.driver, &both.fixture.access);
    driver.bind(access, spec, binding).await.expect("bind");
    assert_eq!(changed.get("").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(both.me().get("").await.0, StatusCode::OK);
    driver
        .unbind(access, spec.instance, 1)
        .await
        .expect("unbind");
    assert_eq!(both.me().get("").await.0, StatusCode::UNAUTHORIZED);
    assert!(!both.fixture.traces(spec.instance).await.is_empty());
    both.end().await;
}

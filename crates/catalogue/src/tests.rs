use super::*;

const SMALL: &str = "driver = 'queue'\nname = 'Queue'\nkind = 'QUEUE'\nconnections = 5\n\
    [[version]]\nnumber = '2'\n[[version]]\nnumber = '1'\nimage = 'queue:1.9'\n\
    [[plan]]\nname = 'shared'\ntitle = 'shared cluster'\nshared = true\ndescription = 'Shared.'\nmemory_mib = 64\ncpu_millis = 500\n\
    [[plan]]\nname = 'private'\ntitle = 'private cluster'\ndescription = 'Private.'\nmemory_mib = 32\ncpu_millis = 100\n";

#[test]
fn the_built_in_files_are_good() {
    let catalogue = Catalogue::built_in().expect("files of this build");
    let known: Vec<String> = catalogue.entries().map(|entry| entry.identifier).collect();
    assert!(
        known.contains(&"postgres-15-shared".to_owned()),
        "{known:?}"
    );
    assert!(
        known.contains(&"postgres-15-private".to_owned()),
        "{known:?}"
    );
}

#[test]
fn every_version_is_there_in_every_plan_in_the_order_of_the_file() {
    let mut catalogue = Catalogue(BTreeMap::new());
    catalogue.put("queue.toml", SMALL).expect("a good file");
    let entries: Vec<Entry> = catalogue.entries().collect();
    let seen: Vec<(&str, u32)> = entries
        .iter()
        .map(|entry| (entry.identifier.as_str(), entry.rank))
        .collect();
    assert_eq!(
        seen,
        [
            ("queue-2-shared", 0),
            ("queue-2-private", 1),
            ("queue-1-shared", 2),
            ("queue-1-private", 3)
        ]
    );
    let last = &entries[3];
    assert_eq!(last.name, "Queue 1, private cluster");
    assert_eq!(last.image.as_deref(), Some("queue:1.9"));
    assert_eq!((last.memory_bytes, last.cpu_millis), (32 << 20, 100));
    assert!(!last.shared && entries[0].shared);
    assert_eq!(last.connections, 5);
}

#[test]
fn a_file_replaces_the_one_of_its_name_and_no_other() {
    let mut catalogue = Catalogue::built_in().expect("files of this build");
    catalogue.put("queue.toml", SMALL).expect("a new type");
    let more = SMALL.replace("number = '2'", "number = '3'");
    catalogue.put("queue.toml", &more).expect("the same file");
    let has = |catalogue: &Catalogue, wanted: &str| {
        catalogue.entries().any(|entry| entry.identifier == wanted)
    };
    assert!(has(&catalogue, "queue-3-shared") && !has(&catalogue, "queue-2-shared"));
    let error = catalogue.put("other.toml", SMALL).expect_err("taken");
    assert_eq!(
        error.to_string(),
        "the catalogue's file other.toml: another file has 'queue-1-shared' already"
    );
    assert!(has(&catalogue, "queue-3-shared"), "as before");
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (from, to, expected) in [
        (
            "'QUEUE'",
            "'QUEUES'",
            "kind 'QUEUES' is none of DATABASE, STORAGE",
        ),
        (
            "'queue'",
            "'My Queue'",
            "driver 'My Queue' must be 1 to 32 lower-case",
        ),
        ("number = '1'", "number = '2'", "version '2' is there twice"),
        (
            "name = 'private'",
            "name = 'shared'",
            "plan 'shared' is there twice",
        ),
        (
            "memory_mib = 32",
            "memory_mib = 1",
            "plan 'private' needs at least 4 MiB",
        ),
        (
            "connections = 5",
            "connections = 0",
            "connections must be at least 1",
        ),
        (
            "connections = 5",
            "connection = 5",
            "unknown field `connection`",
        ),
        ("connections = 5\n", "", "missing field `connections`"),
        ("driver = 'queue'", "driver = queue", "line 1"),
    ] {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let mut catalogue = Catalogue(BTreeMap::new());
        let error = catalogue
            .put("queue.toml", &text)
            .expect_err(to)
            .to_string();
        assert!(
            error.starts_with("the catalogue's file queue.toml: ") && error.contains(expected),
            "{error}"
        );
        assert_eq!(catalogue.entries().count(), 0);
    }
}

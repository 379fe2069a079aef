//! Every name that a profile gives, with its value.

use windlass_model::profile::Profile;
use windlass_services::{Driver, password};

use crate::{besides, drivers, request, value};

/// What a type gives for a profile under the prefix MAIN; `{X}` stands for the value of `MAIN_X`.
fn expected(kind: &str) -> Vec<(Profile, Vec<&'static str>)> {
    match kind {
        "postgres" => vec![
            (
                Profile::Libpq,
                vec![
                    "PGHOST=db.internal",
                    "PGPORT=6543",
                    "PGDATABASE={DATABASE_NAME}",
                    "PGUSER={DATABASE_USER}",
                    "PGPASSWORD={DATABASE_PASSWORD}",
                    "PGSSLMODE=disable",
                ],
            ),
            (Profile::Django, vec!["DATABASE_URL={DATABASE_DSN}"]),
            (
                Profile::Laravel,
                laravel(
                    "DB_CONNECTION=pgsql",
                    "DB_URL=postgres://{DATABASE_USER}:{DATABASE_PASSWORD}@db.internal:6543/{DATABASE_NAME}",
                ),
            ),
            (Profile::Rails, vec!["MAIN_DATABASE_URL={DATABASE_DSN}"]),
            (
                Profile::Spring,
                spring("SPRING_DATASOURCE_URL=jdbc:postgresql://db.internal:6543/{DATABASE_NAME}"),
            ),
            (Profile::Heroku, vec!["MAIN_URL={DATABASE_DSN}"]),
        ],
        "mysql" => mysql(
            "SPRING_DATASOURCE_URL=jdbc:mysql://db.internal:6543/{DATABASE_NAME}",
            "JAWSDB_URL={DATABASE_DSN}",
        ),
        "mariadb" => mysql(
            "SPRING_DATASOURCE_URL=jdbc:mariadb://db.internal:6543/{DATABASE_NAME}",
            "JAWSDB_MARIA_URL={DATABASE_DSN}",
        ),
        "redis" | "valkey" => vec![
            (Profile::Django, vec!["REDIS_URL={CACHE_URL}"]),
            (
                Profile::Laravel,
                vec![
                    "REDIS_URL={CACHE_URL}",
                    "REDIS_HOST=db.internal",
                    "REDIS_PORT=6543",
                    "REDIS_USERNAME={CACHE_USER}",
                    "REDIS_PASSWORD={CACHE_PASSWORD}",
                    "REDIS_DB=0",
                ],
            ),
            (Profile::Rails, vec!["REDIS_URL={CACHE_URL}"]),
            (
                Profile::Spring,
                vec![
                    "SPRING_DATA_REDIS_URL={CACHE_URL}",
                    "SPRING_REDIS_URL={CACHE_URL}",
                ],
            ),
            (Profile::Heroku, vec!["REDIS_URL={CACHE_URL}"]),
        ],
        "rabbitmq" => vec![
            (Profile::Django, vec!["CELERY_BROKER_URL={AMQP_BROKER_URL}"]),
            (
                Profile::Laravel,
                vec![
                    "RABBITMQ_HOST=db.internal",
                    "RABBITMQ_PORT=6543",
                    "RABBITMQ_VHOST={AMQP_VHOST}",
                    "RABBITMQ_USER={AMQP_USER}",
                    "RABBITMQ_PASSWORD={AMQP_PASSWORD}",
                ],
            ),
            (Profile::Rails, vec!["RABBITMQ_URL={AMQP_BROKER_URL}"]),
            (
                Profile::Spring,
                vec![
                    "SPRING_RABBITMQ_ADDRESSES=amqp://db.internal:6543",
                    "SPRING_RABBITMQ_VIRTUALHOST={AMQP_VHOST}",
                    "SPRING_RABBITMQ_USERNAME={AMQP_USER}",
                    "SPRING_RABBITMQ_PASSWORD={AMQP_PASSWORD}",
                ],
            ),
            (
                Profile::Heroku,
                vec![
                    "CLOUDAMQP_URL={AMQP_BROKER_URL}",
                    "AMQP_URL={AMQP_BROKER_URL}",
                ],
            ),
        ],
        "s3" | "s3-endpoint" => object_storage(),
        "opensearch" => search(vec![
            "ELASTICSEARCH_URL={ELASTICSEARCH_URL}",
            "OPENSEARCH_URL={ELASTICSEARCH_URL}",
        ]),
        "elasticsearch" => search(vec!["ELASTICSEARCH_URL={ELASTICSEARCH_URL}"]),
        "mongodb" | "ferretdb" => vec![
            (
                Profile::Laravel,
                vec![
                    "MONGODB_URI={MONGODB_URL}",
                    "MONGODB_DATABASE={MONGODB_NAME}",
                ],
            ),
            (Profile::Rails, vec!["MONGODB_URI={MONGODB_URL}"]),
            (
                Profile::Spring,
                vec![
                    "SPRING_DATA_MONGODB_URI={MONGODB_URL}",
                    "SPRING_MONGODB_URI={MONGODB_URL}",
                ],
            ),
            (Profile::Heroku, vec!["MONGODB_URI={MONGODB_URL}"]),
        ],
        "memcached" => vec![
            (
                Profile::Django,
                vec!["CACHE_URL=pymemcache://db.internal:6543"],
            ),
            (
                Profile::Laravel,
                vec!["MEMCACHED_HOST=db.internal", "MEMCACHED_PORT=6543"],
            ),
            (Profile::Rails, vec!["MEMCACHE_SERVERS={MEMCACHE_SERVERS}"]),
            (
                Profile::Heroku,
                vec!["MEMCACHIER_SERVERS={MEMCACHE_SERVERS}"],
            ),
        ],
        _ => Vec::new(),
    }
}

fn mysql(jdbc: &'static str, heroku: &'static str) -> Vec<(Profile, Vec<&'static str>)> {
    vec![
        (
            Profile::Mysql,
            vec![
                "MYSQL_HOST=db.internal",
                "MYSQL_PORT=6543",
                "MYSQL_DATABASE={DATABASE_NAME}",
                "MYSQL_USER={DATABASE_USER}",
                "MYSQL_PASSWORD={DATABASE_PASSWORD}",
            ],
        ),
        (Profile::Django, vec!["DATABASE_URL={DATABASE_DSN}"]),
        (
            Profile::Laravel,
            laravel("DB_CONNECTION=mysql", "DB_URL={DATABASE_DSN}"),
        ),
        (
            Profile::Rails,
            vec![
                "MAIN_DATABASE_URL=mysql2://{DATABASE_USER}:{DATABASE_PASSWORD}@db.internal:6543/{DATABASE_NAME}",
            ],
        ),
        (Profile::Spring, spring(jdbc)),
        (Profile::Heroku, vec![heroku]),
    ]
}

fn laravel(connection: &'static str, url: &'static str) -> Vec<&'static str> {
    vec![
        connection,
        "DB_HOST=db.internal",
        "DB_PORT=6543",
        "DB_DATABASE={DATABASE_NAME}",
        "DB_USERNAME={DATABASE_USER}",
        "DB_PASSWORD={DATABASE_PASSWORD}",
        url,
    ]
}

fn spring(url: &'static str) -> Vec<&'static str> {
    vec![
        url,
        "SPRING_DATASOURCE_USERNAME={DATABASE_USER}",
        "SPRING_DATASOURCE_PASSWORD={DATABASE_PASSWORD}",
    ]
}

fn object_storage() -> Vec<(Profile, Vec<&'static str>)> {
    let keys = |further: &[&'static str]| {
        let mut all = vec![
            "AWS_ACCESS_KEY_ID={STORAGE_ACCESS_KEY_ID}",
            "AWS_SECRET_ACCESS_KEY={STORAGE_SECRET_ACCESS_KEY}",
        ];
        all.extend(further);
        all
    };
    vec![
        (
            Profile::Aws,
            keys(&[
                "AWS_REGION={STORAGE_REGION}",
                "AWS_DEFAULT_REGION={STORAGE_REGION}",
                "AWS_ENDPOINT_URL_S3={STORAGE_ENDPOINT_URL}",
                "S3_BUCKET={STORAGE_BUCKET}",
            ]),
        ),
        (
            Profile::Django,
            keys(&[
                "AWS_STORAGE_BUCKET_NAME={STORAGE_BUCKET}",
                "AWS_S3_REGION_NAME={STORAGE_REGION}",
                "AWS_S3_ENDPOINT_URL={STORAGE_ENDPOINT_URL}",
                "AWS_S3_ADDRESSING_STYLE=path",
            ]),
        ),
        (
            Profile::Laravel,
            keys(&[
                "AWS_DEFAULT_REGION={STORAGE_REGION}",
                "AWS_BUCKET={STORAGE_BUCKET}",
                "AWS_ENDPOINT={STORAGE_ENDPOINT_URL}",
                "AWS_USE_PATH_STYLE_ENDPOINT=true",
            ]),
        ),
    ]
}

fn search(rails: Vec<&'static str>) -> Vec<(Profile, Vec<&'static str>)> {
    vec![
        (
            Profile::Django,
            vec![
                "SEARCH_URL=elasticsearch7://{ELASTICSEARCH_USER}:{ELASTICSEARCH_PASSWORD}@db.internal:6543/{ELASTICSEARCH_INDEX_PREFIX}default",
            ],
        ),
        (Profile::Rails, rails),
        (
            Profile::Spring,
            vec![
                "SPRING_ELASTICSEARCH_URIS=http://db.internal:6543",
                "SPRING_ELASTICSEARCH_USERNAME={ELASTICSEARCH_USER}",
                "SPRING_ELASTICSEARCH_PASSWORD={ELASTICSEARCH_PASSWORD}",
            ],
        ),
        (Profile::Heroku, vec!["BONSAI_URL={ELASTICSEARCH_URL}"]),
    ]
}

#[test]
fn each_type_gives_the_names_that_it_says_and_no_others() {
    for driver in drivers() {
        let expected = expected(driver.kind());
        let known: Vec<Profile> = expected.iter().map(|(profile, _)| *profile).collect();
        assert_eq!(driver.profiles(), known, "{}", driver.kind());
        for profile in Profile::ALL {
            let request = request("MAIN", password::generate(), Some(profile));
            let variables = driver.variables(&request);
            let wanted = expected.iter().find(|(known, _)| *known == profile);
            let wanted = wanted.map(|(_, wanted)| wanted.clone()).unwrap_or_default();
            let filled: Vec<String> = wanted
                .into_iter()
                .map(|line| filled(line, |part| value(&variables, &format!("MAIN_{part}"))))
                .collect();
            let given = besides(driver.as_ref(), &request);
            assert_eq!(given, filled, "{} for {profile}", driver.kind());
        }
    }
}

/// With a value for each `{X}`.
fn filled(line: &str, part: impl Fn(&str) -> String) -> String {
    let mut parts = line.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        let (name, after) = rest.split_once('}').expect("it is closed");
        filled.push_str(&part(name));
        filled.push_str(after);
    }
    filled
}

/// Where a framework tells several databases apart, the first has the name that is usual.
#[test]
fn the_default_has_the_usual_name_for_its_own() {
    let names = |driver: &dyn Driver, profile| {
        let request = request("DEFAULT", password::generate(), Some(profile));
        let variables = driver.variables(&request);
        let named = variables
            .iter()
            .filter(|variable| !variable.name.as_str().starts_with("DEFAULT_"));
        named
            .map(|variable| (variable.name.to_string(), variable.is_alias))
            .collect::<Vec<_>>()
    };
    for driver in drivers() {
        if driver.kind() == "postgres" {
            for profile in [Profile::Django, Profile::Rails, Profile::Heroku] {
                let wanted = [("DATABASE_URL".to_owned(), false)];
                assert_eq!(names(driver.as_ref(), profile), wanted, "{profile}");
            }
        }
        if ["mysql", "mariadb"].contains(&driver.kind()) {
            let request = request("DEFAULT", password::generate(), Some(Profile::Rails));
            let url = value(&driver.variables(&request), "DATABASE_URL");
            assert!(url.starts_with("mysql2://"), "{url}");
        }
    }
}

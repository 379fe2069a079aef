//! The operator's own servers, as they are named to the server.

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use windlass_platform::ExternalCluster;

const FORM: &str = "a server of yours is named as TYPE-VERSION=URL, such as postgres-15=postgres://user:password@host";
/// The one parameter that the URL of a server may have.
const ADMINISTRATION_PORT: &str = "administration_port";

/// The parts of `TYPE-VERSION=URL`. Errors do not repeat the URL, for it holds the password.
pub(crate) fn parse(text: &SecretString) -> anyhow::Result<ExternalCluster> {
    let (serves, url) = text.expose_secret().split_once('=').context(FORM)?;
    ensure!(!serves.contains("://"), "{FORM}");
    of_url(serves, url).with_context(|| format!("the URL of the shared server '{serves}'"))
}

/// The same, of the URL alone.
pub(crate) fn of_url(serves: &str, text: &str) -> anyhow::Result<ExternalCluster> {
    let url = Url::parse(text)?;
    if url.fragment().is_some() {
        bail!("it takes no part behind a '#'");
    }
    let is_http = matches!(url.scheme(), "https" | "http");
    let mut administration_port = None;
    for (name, value) in url.query_pairs() {
        // The parameters of an account are its type's.
        if name != ADMINISTRATION_PORT && is_http {
            continue;
        }
        if name != ADMINISTRATION_PORT {
            bail!(
                "it takes no parameter but {ADMINISTRATION_PORT}; connections with TLS are not supported yet"
            );
        }
        let port = value.parse().ok().filter(|port| *port > 0);
        administration_port =
            Some(port.with_context(|| format!("{ADMINISTRATION_PORT} is no port"))?);
    }
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .context("it names no host")?;
    let password = url.password().context("it has no password")?;
    let database = url.path().trim_start_matches('/');
    // The path of an account's URL is a part of it.
    let account = is_http.then(|| bare(&url));
    let database = if account.is_some() { "" } else { database };
    Ok(ExternalCluster {
        serves: serves.to_owned(),
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port(),
        administration_port,
        administrator: decode(url.username())?,
        password: SecretString::from(decode(password)?),
        database: (!database.is_empty())
            .then(|| decode(database))
            .transpose()?,
        url: account,
    })
}

/// The URL of an account with its parameters, without who gets in.
fn bare(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let parameters = url.query_pairs();
    let mut further = url::form_urlencoded::Serializer::new(String::new());
    further.extend_pairs(parameters.filter(|(name, _)| name != ADMINISTRATION_PORT));
    let further = further.finish();
    let sign = if further.is_empty() { "" } else { "?" };
    format!("{}://{host}{port}{path}{sign}{further}", url.scheme())
}

/// Percent-decoding, RFC 3986 section 2.1.
fn decode(text: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [
            rest.next().unwrap_or_default(),
            rest.next().unwrap_or_default(),
        ];
        let digits = std::str::from_utf8(&digits)
            .ok()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(digits.context("it has a % that two hexadecimal digits do not follow")?);
    }
    String::from_utf8(bytes).context("it is not UTF-8")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::parse;

    #[test]
    fn servers_are_named_by_type_version_and_url() {
        let named =
            parse(&"postgres-15=postgres://admin:p%40ss%2F@db.example.org:5433/main".into());
        let named = named.expect("it is good");
        assert_eq!(named.serves, "postgres-15");
        assert_eq!(
            (named.host.as_str(), named.port),
            ("db.example.org", Some(5433))
        );
        assert_eq!(named.administrator, "admin");
        assert_eq!(named.password.expose_secret(), "p@ss/");
        assert_eq!(named.database.as_deref(), Some("main"));
        let named = parse(&"rabbitmq-3.10=amqp://a:b@[::1]?administration_port=25672".into());
        let named = named.expect("it is good");
        assert_eq!((named.host.as_str(), named.port), ("::1", None));
        assert_eq!(named.administration_port, Some(25672));
        assert_eq!((named.database, named.url), (None, None));
    }

    #[test]
    fn accounts_are_named_by_their_url_whose_key_is_percent_encoded() {
        for (text, url) in [
            (
                "azure-blob-1=https://shop:a%2Bb%2Fc%3D%3D@shop.blob.core.windows.net",
                "https://shop.blob.core.windows.net",
            ),
            (
                "azure-blob-1=http://shop:a%2Bb%2Fc%3D%3D@[::1]:10000/shop/",
                "http://[::1]:10000/shop",
            ),
        ] {
            let named = parse(&text.into()).expect("it is good");
            assert_eq!(named.url.as_deref(), Some(url));
            assert_eq!(
                (named.administrator.as_str(), named.database),
                ("shop", None)
            );
            assert_eq!(named.password.expose_secret(), "a+b/c==");
        }
    }

    #[test]
    fn the_parameters_of_an_account_are_passed_on() {
        let text = "s3-endpoint-1=https://AKIA:ab%2Fc+d@s3.example.org?region=north&iam=https%3A%2F%2Fiam.example.org";
        let named = parse(&text.into()).expect("it is good");
        let url = "https://s3.example.org?region=north&iam=https%3A%2F%2Fiam.example.org";
        assert_eq!(named.url.as_deref(), Some(url));
        assert_eq!(named.administrator, "AKIA");
        assert_eq!(named.password.expose_secret(), "ab/c+d");
        let named = parse(&"opensearch-2=http://a:b@host?administration_port=9201".into());
        let named = named.expect("it is good");
        assert_eq!(named.url.as_deref(), Some("http://host"));
        assert_eq!(named.administration_port, Some(9201));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (text, words) in [
            ("postgres://u:hush@h/d", "TYPE-VERSION=URL"),
            ("postgres://u:hush@h/d?x=y", "TYPE-VERSION=URL"),
            ("postgres-15=hush", "relative URL"),
            ("postgres-15=postgres://h/d", "no password"),
            ("postgres-15=postgres://u:hush@h/d?sslmode=require", "TLS"),
            ("postgres-15=postgres://u:hush@h/d#x", "#"),
            ("postgres-15=postgres://u:hush%zz@h", "hexadecimal"),
            (
                "rabbitmq-4=amqp://u:hush@h?administration_port=0",
                "no port",
            ),
        ] {
            let error = format!("{:#}", parse(&text.into()).expect_err(text));
            assert!(
                error.contains(words) && !error.contains("hush"),
                "{text}: {error}"
            );
        }
    }
}

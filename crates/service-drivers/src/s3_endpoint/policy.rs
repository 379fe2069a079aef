//! The one policy of each of our users: what a binding may do, and, in the names of its statements, whose it is.

use serde_json::{Value, json};
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId};

/// What a name of a statement begins with; IAM takes letters and digits there, and nothing else.
const INSTANCE: &str = "windlassInstance";
const CONNECTIONS: &str = "Connections";
const BINDING: &str = "windlassBinding";
const SEALED: &str = "windlassSealed";
/// In the place of a key that is not there yet.
const NO_KEY: &str = "windlassNoKey";

/// What libraries ask of a bucket. Neither its settings nor the older versions of its objects.
const OF_BUCKET: [&str; 3] = [
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:ListBucketMultipartUploads",
];
/// What they do with objects.
const OF_OBJECTS: [&str; 8] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:GetObjectTagging",
    "s3:PutObjectTagging",
    "s3:DeleteObjectTagging",
];
/// Many libraries send an access control list (`private`) with each object, for which AWS asks for these. Only where
/// the bucket is closed to the public whatever such a list says.
const OF_LISTS: [&str; 2] = ["s3:GetObjectAcl", "s3:PutObjectAcl"];

/// Where a binding's rights are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights<'a> {
    pub(super) partition: &'a str,
    pub(super) bucket: &'a str,
    /// Whether the bucket is closed to the public whatever access control lists say.
    pub(super) is_closed: bool,
}

/// Whose a user is, as its policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Instance {
        instance: InstanceId,
        connection_limit: u32,
    },
    Binding {
        binding: BindingId,
        /// Its key, sealed with its password.
        sealed: Option<Vec<u8>>,
    },
}

impl Mark {
    pub(super) fn parse(document: &Value) -> Option<Self> {
        let names = names(document);
        let behind = |start| names.iter().find_map(|name| name.strip_prefix(start));
        if let Some(rest) = behind(INSTANCE) {
            let (instance, limit) = rest.split_once(CONNECTIONS)?;
            return Some(Self::Instance {
                instance: InstanceId::from(Uuid::try_parse(instance).ok()?),
                connection_limit: limit.parse().ok()?,
            });
        }
        Some(Self::Binding {
            binding: BindingId::from(Uuid::try_parse(behind(BINDING)?).ok()?),
            sealed: behind(SEALED).and_then(|sealed| hex::decode(sealed).ok()),
        })
    }
}

/// The names of the statements, of which there may be one without a list.
fn names(document: &Value) -> Vec<&str> {
    fn name(statement: &Value) -> Option<&str> {
        statement.get("Sid")?.as_str()
    }
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().filter_map(name).collect(),
        Some(one) => name(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The policy of an instance's steward: whoever gives it a key gets nothing by that.
pub(super) fn of_instance(instance: InstanceId, connection_limit: u32) -> Value {
    let id = instance.to_string().replace('-', "");
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": format!("{INSTANCE}{id}{CONNECTIONS}{connection_limit}"),
            "Effect": "Deny",
            "Action": ["s3:*"],
            "Resource": ["*"],
        }],
    })
}

/// The policy of a binding's user: objects of the bucket and nothing of anything else.
pub(super) fn of_binding(binding: BindingId, sealed: Option<&[u8]>, rights: Rights<'_>) -> Value {
    let id = binding.to_string().replace('-', "");
    let sealed = match sealed {
        Some(sealed) => format!("{SEALED}{}", hex::encode(sealed)),
        None => NO_KEY.to_owned(),
    };
    let bucket = format!("arn:{}:s3:::{}", rights.partition, rights.bucket);
    let mut of_objects = OF_OBJECTS.to_vec();
    if rights.is_closed {
        of_objects.extend(OF_LISTS);
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": format!("{BINDING}{id}"),
                "Effect": "Allow",
                "Action": OF_BUCKET,
                "Resource": [bucket],
            },
            {
                "Sid": sealed,
                "Effect": "Allow",
                "Action": of_objects,
                "Resource": [format!("{bucket}/*")],
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;
    use windlass_model::id::{BindingId, InstanceId};

    use super::{Mark, Rights, names, of_binding, of_instance};

    /// All policies of a user together, blanks not counted
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
    const MOST: usize = 2048;

    #[test]
    fn policies_say_whose_they_are_and_fit() {
        let instance = InstanceId::from(Uuid::now_v7());
        for connection_limit in [1, u32::MAX] {
            let mark = Mark::Instance {
                instance,
                connection_limit,
            };
            let document = of_instance(instance, connection_limit);
            assert_eq!(Mark::parse(&document), Some(mark));
        }
        let binding = BindingId::from(Uuid::now_v7());
        let rights = Rights {
            partition: "aws-us-gov",
            bucket: "svc-0123456789abcdef",
            is_closed: true,
        };
        // A nonce, an id and a secret of the longest that there are, and what authenticates them.
        let sealed = vec![7; 24 + 128 + 1 + 128 + 16];
        for sealed in [None, Some(sealed)] {
            let document = of_binding(binding, sealed.as_deref(), rights);
            assert!(document.to_string().len() <= MOST, "{document}");
            for name in names(&document) {
                assert!(
                    name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                    "{name}"
                );
            }
            assert_eq!(
                Mark::parse(&document),
                Some(Mark::Binding { binding, sealed })
            );
        }
    }

    #[test]
    fn others_are_no_mark() {
        for other in [
            Value::Null,
            json!({ "Statement": [] }),
            json!({ "Statement": { "Sid": "windlassBinding1", "Effect": "Allow" } }),
            json!({ "Statement": [{ "Sid": 7 }, { "Effect": "Allow" }] }),
            json!({ "Statement": [{ "Sid": "windlassInstance0192f0c12b3c7d4e8f50617283940a0b" }] }),
        ] {
            assert_eq!(Mark::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn lists_are_set_only_where_nobody_can_be_let_in_by_one() {
        let binding = BindingId::from(Uuid::now_v7());
        for is_closed in [true, false] {
            let rights = Rights {
                partition: "aws",
                bucket: "b",
                is_closed,
            };
            let text = of_binding(binding, None, rights).to_string();
            assert_eq!(text.contains("Acl"), is_closed);
            assert!(!text.contains("\"*\""), "{text}");
        }
    }
}

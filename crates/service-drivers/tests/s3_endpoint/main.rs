//! The driver of S3 endpoints on VersityGW, a server of S3 with an IAM API of its own, which `scripts/make-versitygw`
//! makes.

#[path = "../support/s3.rs"]
#[expect(
    dead_code,
    reason = "what the tests on the other server of S3 need besides"
)]
mod s3;

#[path = "../support/given.rs"]
mod given;
#[path = "../support/specs.rs"]
mod specs;

mod conformance;
mod contents;
mod encrypted;
mod endpoints;
mod fixture;
mod half_made;
mod hostile_tenants;
mod iam;
mod lost_answers;
mod server;
mod stand_in;
mod variables;

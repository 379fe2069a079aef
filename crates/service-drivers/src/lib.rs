//! The service drivers: each knows one type of backing service and nothing of the others.

pub mod azure;
pub mod external;
pub mod garage;
mod gate;
mod http;
pub mod memcached;
pub mod mongodb;
pub mod mysql;
pub mod opensearch;
pub mod postgres;
pub mod rabbitmq;
pub mod redis;
mod relational;
mod s3;
pub mod s3_endpoint;
mod step;
mod streams;
mod tool;
mod turns;

//! Connections of applications: AMQP through a URL, as a client library reads it.

use std::time::Duration;

use lapin::options::{
    BasicGetOptions, BasicPublishOptions, BasicRejectOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::time::timeout;

/// Longer than the server makes those wait whom it refuses.
const PATIENCE: Duration = Duration::from_secs(20);
const NOT_FOUND: u16 = 404;

/// A connection. Each operation has a channel of its own, because the server closes one at each refusal.
pub(crate) struct Amqp(Connection);

fn words(error: &lapin::Error) -> String {
    error.to_string()
}

/// What a URL says, by the rules of the client library.
pub(crate) fn parse(url: &str) -> AMQPUri {
    url.parse().expect("a client library reads the URL")
}

impl Amqp {
    pub(crate) async fn connect(uri: AMQPUri) -> Result<Self, String> {
        let connecting = Connection::connect_uri(uri, ConnectionProperties::default());
        match timeout(PATIENCE, connecting).await {
            Ok(Ok(connection)) => Ok(Self(connection)),
            Ok(Err(error)) => Err(words(&error)),
            Err(elapsed) => {
                panic!("{elapsed}: the server neither accepts nor refuses a connection")
            }
        }
    }

    pub(crate) async fn channel(&self) -> Result<Channel, String> {
        match timeout(PATIENCE, self.0.create_channel()).await {
            Ok(opened) => opened.map_err(|error| words(&error)),
            Err(_) => Err("no answer".to_owned()),
        }
    }

    /// Makes a queue with no message in it but this.
    pub(crate) async fn publish(&self, queue: &str, message: &str) -> Result<(), String> {
        let channel = self.channel().await?;
        let publish = async {
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            channel
                .queue_declare(
                    queue.into(),
                    QueueDeclareOptions::durable(),
                    FieldTable::default(),
                )
                .await?;
            channel
                .queue_purge(queue.into(), QueuePurgeOptions::default())
                .await?;
            let confirmation = channel
                .basic_publish(
                    "".into(),
                    queue.into(),
                    BasicPublishOptions::default(),
                    message.as_bytes(),
                    // Written to the disk.
                    BasicProperties::default().with_delivery_mode(2),
                )
                .await?
                .await?;
            channel.close(200, "done".into()).await?;
            Ok(matches!(confirmation, Confirmation::Ack(None)))
        };
        let published: Result<bool, lapin::Error> = publish.await;
        match published {
            Ok(true) => Ok(()),
            Ok(false) => Err("the server did not take the message".to_owned()),
            Err(error) => Err(words(&error)),
        }
    }

    /// The queue's first message, which stays there; nothing if there is no queue or no message.
    pub(crate) async fn peek(&self, queue: &str) -> Result<Option<String>, String> {
        let channel = self.channel().await?;
        let got = match channel
            .basic_get(queue.into(), BasicGetOptions::default())
            .await
        {
            Ok(got) => got,
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(words(&error)),
        };
        let mut message = None;
        if let Some(got) = got {
            let delivery = got.delivery;
            message = Some(String::from_utf8_lossy(&delivery.data).into_owned());
            channel
                .basic_reject(delivery.delivery_tag, BasicRejectOptions { requeue: true })
                .await
                .map_err(|error| words(&error))?;
        }
        let closed = channel.close(200, "done".into()).await;
        closed.map_err(|error| words(&error))?;
        Ok(message)
    }

    pub(crate) async fn is_alive(&self) -> bool {
        match self.channel().await {
            Ok(channel) => channel.close(200, "done".into()).await.is_ok(),
            Err(_) => false,
        }
    }
}

fn is_not_found(error: &lapin::Error) -> bool {
    match error.kind() {
        lapin::ErrorKind::ProtocolError(error) => error.get_id() == NOT_FOUND,
        _ => false,
    }
}

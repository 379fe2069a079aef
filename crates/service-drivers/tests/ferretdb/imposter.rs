//! Programs at a server's address that are not what is looked for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;
use windlass_services::{Access, Endpoint};

/// Listens at a port of its own until it is dropped.
pub(crate) struct Imposter {
    pub(crate) access: Access,
    _serving: AbortOnDropHandle<()>,
}

/// What it does with those who come.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Passes everything on to this server, and changes in what comes back one text to another of its length.
    Rewriting(Endpoint, &'static [u8], &'static [u8]),
    /// Says this, whatever they say, and closes.
    Saying(&'static [u8]),
}

impl Imposter {
    pub(crate) async fn start(access: &Access, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                serve(client, &manner).await;
            }
        });
        let endpoint = Endpoint {
            host: "127.0.0.1".to_owned(),
            port,
        };
        Self {
            access: Access {
                endpoint,
                ..access.clone()
            },
            _serving: AbortOnDropHandle::new(serving),
        }
    }
}

async fn serve(mut client: TcpStream, manner: &Manner) {
    match manner {
        Manner::Saying(words) => {
            let mut asked = vec![0; 4096];
            drop(client.read(&mut asked).await);
            drop(client.write_all(words).await);
        }
        Manner::Rewriting(to, from, into) => {
            let server = TcpStream::connect((to.host.as_str(), to.port)).await;
            let mut server = server.expect("a server");
            let (mut asked, mut answered) = (vec![0; 4096], vec![0; 65536]);
            // Requests and answers take turns, and each is short enough to come in one piece.
            while let Ok(length @ 1..) = client.read(&mut asked).await {
                server.write_all(&asked[..length]).await.expect("it reads");
                let length = server.read(&mut answered).await.expect("it answers");
                let answer = &mut answered[..length];
                let found = answer.windows(from.len()).position(|part| part == *from);
                if let Some(at) = found {
                    answer[at..at + into.len()].copy_from_slice(into);
                }
                drop(client.write_all(answer).await);
            }
        }
    }
}

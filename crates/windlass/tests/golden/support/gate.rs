//! A way to the server that can be shut: a network that is cut, or a server that is restarted.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

/// Listens for the server.
pub(crate) struct Gate {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    shut: bool,
    connections: Vec<TcpStream>,
}

impl Gate {
    /// An open one before that address.
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let (server, shared) = (server.to_owned(), state.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut state = lock(&shared);
                // A client that is not let in sees its connection end.
                if state.shut {
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(&server) else {
                    return;
                };
                for stream in [&client, &upstream] {
                    state.connections.extend(stream.try_clone());
                }
                drop(state);
                pump(&client, &upstream);
                pump(&upstream, &client);
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends every connection, and lets nobody in.
    pub(crate) fn shut(&self) {
        let mut state = lock(&self.state);
        state.shut = true;
        for connection in state.connections.drain(..) {
            // One that has ended already is none to be ended.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn open(&self) {
        lock(&self.state).shut = false;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pump(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        // Either side may go at any time.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
